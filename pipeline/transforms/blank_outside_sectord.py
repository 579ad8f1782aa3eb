"""Zero predictions outside the scan sector: there is no tissue."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_numpy
from numpy.typing import NDArray
from skimage.measure import label
from skimage.morphology import dilation, footprint_rectangle

_DARK = 0.01
"""Share of the grey values' range that counts as black: two levels of 255, as JPEG leaves them."""

_LEAST = 0.5
"""Share of a rectangle that the sector in it covers at least, as a triangle does."""


class BlankOutsideSectord(MapTransform):
    """Set probabilities to 0 where an image with black upper corners is black up to its upper edge.

    The picture of a curved probe has such corners, and black between the probe's arc and the upper
    edge, which looks like a cyst. Other images stay: a close-up whose cyst is cut by the edge, and
    one that is black for the most part.

    Args:
        keys: probability maps (C, H, W).
        image_key: the image (1, H, W) that they are of, in any range of grey values.
        margin: px around the black that are blanked too, as an edge is blurred.

    Examples:
        >>> image = torch.tensor([[[0, 9, 0], [9, 9, 9], [9, 0, 9]]])
        >>> item = {"image": image, "pred": torch.ones(1, 3, 3)}
        >>> BlankOutsideSectord("pred", margin=0)(item)["pred"][0].int().tolist()
        [[0, 1, 0], [1, 1, 1], [1, 1, 1]]
    """

    def __init__(
        self, keys: KeysCollection, *, image_key: Hashable = "image", margin: int = 3
    ) -> None:
        super().__init__(keys)
        self.image_key = image_key
        self.margin = margin

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Blank each key.

        Returns:
            A copy of the item, with other maps where there is black.
        """
        item = dict(data)
        image = convert_to_numpy(item[self.image_key][0], np.float32)
        outside = _find_outside(image, self.margin)
        if outside is not None:
            inside = torch.from_numpy(~outside)
            for key in self.key_iterator(item):
                item[key] = item[key] * inside.to(item[key].device)
        return item


def _find_outside(image: NDArray[np.float32], margin: int) -> NDArray[np.bool_] | None:
    darkest, brightest = float(image.min()), float(image.max())
    limit = darkest + _DARK * (brightest - darkest)
    if max(image[0, 0], image[0, -1]) > limit:
        return None
    dark = image <= limit
    parts = label(dark, connectivity=1)
    outside = np.isin(parts, np.unique(parts[0][dark[0]]))
    if outside.mean() > 1 - _LEAST:
        return None
    widened: NDArray[np.bool_] = dilation(outside, footprint_rectangle((2 * margin + 1,) * 2))
    return widened
