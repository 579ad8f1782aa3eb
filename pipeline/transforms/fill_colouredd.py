"""Fill what is drawn over an image in colour by the tissue around it."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.data import MetaTensor
from monai.transforms import MapTransform
from numpy.typing import NDArray

from pipeline.readers.find_coloured import MOST_COLOURED


class FillColouredd(MapTransform):
    """Give pixels that are ``coloured`` in the metadata the grey of the tissue around them.

    The luma of a flow, of calipers in yellow or of a frame in green is no echo. Pixels are filled
    from their border inwards, each with the mean of those of its eight neighbours that are
    known, within the ``region`` of the metadata. An image of which more than `MOST_COLOURED` is
    coloured, as by elastography, stays as it is: too little tissue is left.

    Afterwards ``coloured`` of the metadata is empty, and ``coloured_share`` is the share of the
    region that was coloured, 0 to 1.

    Args:
        keys: images (1, H, W), 0 to 255, as `MetaTensor` of `UltrasoundReader`.
    """

    def __init__(self, keys: KeysCollection) -> None:
        super().__init__(keys)

    def __call__(self, data: Mapping[Hashable, MetaTensor]) -> dict[Hashable, MetaTensor]:
        """Fill what is coloured.

        Returns:
            A copy of the item; an image with nothing coloured shares its pixels.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            item[key] = _fill(item[key])
        return item


def _fill(image: MetaTensor) -> MetaTensor:
    plain = image.as_subclass(torch.Tensor)
    top, left, bottom, right = (int(edge) for edge in image.meta["region"])
    region = (slice(top, bottom), slice(left, right))
    coloured = np.asarray(image.meta["coloured"])
    inside = coloured[region] if coloured.size else coloured
    share = float(inside.mean()) if inside.size else 0.0
    if 0 < share <= MOST_COLOURED:
        plain = plain.clone()
        filled = fill_coloured(np.asarray(plain[0][region]), inside)
        plain[0][region] = torch.as_tensor(filled)
    changed = MetaTensor(plain).copy_meta_from(image)
    changed.meta = {**image.meta, "coloured": coloured[:0, :0], "coloured_share": share}
    return changed


def fill_coloured(grey: NDArray[Any], coloured: NDArray[np.bool_]) -> NDArray[Any]:
    """Fill pixels from their border inwards.

    Args:
        grey: (H, W), 0 to 255.
        coloured: (H, W), some of it `False`.

    Returns:
        A copy, of the same type; what is not coloured is the same.
    """
    padded = np.pad(grey.astype(np.float32), 1)
    is_known = np.pad(~coloured, 1)
    width = padded.shape[1]
    values, known = padded.reshape(-1), is_known.reshape(-1)
    steps = np.array([row * width + column for row in (-1, 0, 1) for column in (-1, 0, 1)])
    left = np.flatnonzero(np.pad(coloured, 1))
    while left.size:
        around = left[:, None] + steps
        count = known[around].sum(axis=1)
        is_border = count > 0
        border = left[is_border]
        sums = np.where(known[around[is_border]], values[around[is_border]], 0).sum(axis=1)
        values[border] = sums / count[is_border]
        known[border] = True
        left = left[~is_border]
    filled = padded[1:-1, 1:-1]
    return (
        filled.astype(grey.dtype) if grey.dtype.kind == "f" else np.rint(filled).astype(grey.dtype)
    )
