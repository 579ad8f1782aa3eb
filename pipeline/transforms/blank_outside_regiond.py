"""Blacken what lies outside the ultrasound: it may name the patient."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform


class BlankOutsideRegiond(MapTransform):
    """Set pixels outside the ``regions`` of the metadata to 0; the size stays.

    For images that are shown to a person or written, as a copy of a console shows its text.

    Args:
        keys: images (C, H, W), as `MetaTensor` of `UltrasoundReader`.
        blank_unknown: blacken the whole image if its regions are not known, as nothing tells its
            tissue from a burned-in name. `False` shows it.
    """

    def __init__(self, keys: KeysCollection, *, blank_unknown: bool = True) -> None:
        super().__init__(keys)
        self.blank_unknown = blank_unknown

    def __call__(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Blank each key by its own regions.

        Args:
            data: the item.

        Returns:
            A copy of the item with the keys blanked.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            image = item[key]
            blanked = torch.zeros_like(image)
            if image.meta["region_known"] or not self.blank_unknown:
                for row0, column0, row1, column1 in image.meta["regions"]:
                    inside = (..., slice(int(row0), int(row1)), slice(int(column0), int(column1)))
                    blanked[inside] = image[inside]
            item[key] = blanked
        return item
