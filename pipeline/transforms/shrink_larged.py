"""Segment a large image on a coarser grid, in a fraction of the memory."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from torch.nn.functional import avg_pool2d

from pipeline.readers.limits import LARGE_IMAGE_PX
from pipeline.readers.region.shrink_region import shrink_box

_COARSE_PX = 4_000_000
"""Pixels that are left at most: many more than the network sees."""
_LINES = 64
"""Lines of the result that are computed at once."""


class ShrinkLarged(MapTransform):
    """Take the means of squares of an image of more than `LARGE_IMAGE_PX`; leave others alone.

    What follows, its inverse too, then works on the coarser grid: ``region``, ``regions``,
    ``region_parts``, ``mm_per_pixel`` and ``spatial_shape`` of the metadata are of it, and
    ``shrunk_by`` is the side of a square in px, a power of 2. Lines at the lower and right border
    that fill no square are left out. `Segmenter` brings masks and lesions back to the source.

    Args:
        keys: images (C, H, W) of any dtype, as `MetaTensor` of `UltrasoundReader`.
    """

    def __init__(self, keys: KeysCollection) -> None:
        super().__init__(keys)

    def __call__(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Shrink what is large.

        Returns:
            A copy of the item; what was shrunk is float32.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            rows, columns = (int(side) for side in item[key].shape[1:])
            if rows * columns > LARGE_IMAGE_PX:
                step = 2
                while rows * columns > _COARSE_PX * step**2:
                    step *= 2
                item[key] = _shrink(item[key], step)
        return item


def _shrink(image: MetaTensor, step: int) -> MetaTensor:
    plain = image.as_subclass(torch.Tensor)
    rows, columns = (int(side) // step for side in plain.shape[1:])
    means = [
        avg_pool2d(plain[:, start * step : min(start + _LINES, rows) * step].float(), step)
        for start in range(0, rows, _LINES)
    ]
    shrunk = MetaTensor(torch.cat(means, dim=1)).copy_meta_from(image)
    shrunk.meta = {**image.meta, **_describe(image.meta, step), "spatial_shape": [rows, columns]}
    return shrunk


def _describe(meta: Mapping[str, Any], step: int) -> dict[str, Any]:
    boxes = {
        key: np.array([shrink_box(box, step) if any(box) else box for box in _to_boxes(meta[key])])
        for key in ("region", "regions", "region_parts")
    }
    boxes["region"] = boxes["region"][0]
    return {**boxes, "mm_per_pixel": np.asarray(meta["mm_per_pixel"]) * step, "shrunk_by": step}


def _to_boxes(boxes: Any) -> list[tuple[int, int, int, int]]:
    """List one box, or several that are padded by empty ones."""
    return [
        (int(top), int(left), int(bottom), int(right))
        for top, left, bottom, right in np.atleast_2d(np.asarray(boxes))
    ]
