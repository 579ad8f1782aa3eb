"""Cut to the ultrasound, so that the network sees no console."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import Crop, Cropd
from monai.utils import TraceKeys

from pipeline.transforms.resize_smoothlyd import LARGE_PX


class CropToRegiond(Cropd):
    """Crop to the ``region`` that `UltrasoundReader` leaves in the metadata; invertible.

    The inverse fills the outside with 0. In an image of more than `LARGE_PX` pixels that are 0
    take no memory.

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

        Args:
            data: the item.
            lazy: of MONAI's lazy resampling.

        Returns:
            A copy of the item with the keys cropped.
        """
        item = dict(data)
        region = torch.as_tensor(item[self.region_key].meta["region"])
        slices = Crop.compute_slices(roi_start=region[:2], roi_end=region[2:])
        for key in self.key_iterator(item):
            item[key] = self.cropper(item[key], slices=slices, lazy=bool(lazy))
        return item

    def inverse(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Put the keys back to where they were cropped.

        Args:
            data: the item; a key has what `__call__` noted.

        Returns:
            A copy of the item.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            height, width = self.cropper.get_most_recent_transform(item[key])[TraceKeys.ORIG_SIZE]
            is_large = int(height) * int(width) > LARGE_PX
            item[key] = self._paste(item[key]) if is_large else self.cropper.inverse(item[key])
        return item

    def _paste(self, image: MetaTensor) -> MetaTensor:
        note = self.cropper.pop_transform(image)
        height, width = (int(size) for size in note[TraceKeys.ORIG_SIZE])
        top, _, left, _ = (int(margin) for margin in note[TraceKeys.EXTRA_INFO]["cropped"])
        plain = image.as_subclass(torch.Tensor).cpu()
        pasted = torch.from_numpy(np.zeros((len(plain), height, width), np.float32))
        # Not `plain != 0`, which has a byte for every value.
        found = [
            ((plain.amax((0, axis)) != 0) | (plain.amin((0, axis)) != 0)).nonzero()
            for axis in (2, 1)
        ]
        if all(len(places) for places in found):
            (row0, row1), (column0, column1) = (
                (int(places[0]), int(places[-1]) + 1) for places in found
            )
            inside = plain[:, row0:row1, column0:column1]
            pasted[:, top + row0 : top + row1, left + column0 : left + column1] = inside
        return MetaTensor(pasted).copy_meta_from(image)
