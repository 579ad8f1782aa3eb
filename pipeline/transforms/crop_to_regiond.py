"""Cut to the ultrasound, so that the network sees no console."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, Cropd


class CropToRegiond(Cropd):
    """Crop to the ``region`` that `UltrasoundReader` leaves in the metadata; invertible.

    The inverse fills the outside with 0.

    Args:
        keys: images (C, H, W) of one size, as `MetaTensor`.
        region_key: the one whose metadata has the region for all of them.
    """

    def __init__(self, keys: KeysCollection, *, region_key: str = "image") -> None:
        super().__init__(keys, cropper=Crop())
        self.region_key = region_key

    def __call__(
        self, data: Mapping[Hashable, MetaTensor], lazy: bool | None = None
    ) -> dict[Hashable, MetaTensor]:
        """Crop all keys to one region.

        Returns:
            A copy of the item with the keys cropped.
        """
        item = dict(data)
        region = torch.as_tensor(item[self.region_key].meta["region"])
        slices = Crop.compute_slices(roi_start=region[:2], roi_end=region[2:])
        for key in self.key_iterator(item):
            item[key] = self.cropper(item[key], slices=slices, lazy=bool(lazy))
        return item
