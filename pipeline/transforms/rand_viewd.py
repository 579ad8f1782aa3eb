"""Random view of the same tissue: nearer or farther, wider or narrower, turned and shifted."""

import math
from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform
from torch.nn.functional import affine_grid, grid_sample


class RandViewd(RandomizableTransform, MapTransform):
    """Zoom, stretch, turn and shift image and label alike, in one interpolation.

    MONAI's `RandAffined` draws the scale of each axis by itself and evenly, so that a wide range of
    zoom comes with stretching that no scanner does, and is twice as often above 1 as below. Here
    zoom and stretch are drawn apart and on a logarithmic scale: halving is as likely as doubling.
    Half of the time what lies outside is black, else the image is mirrored at its border.

    Args:
        keys: image and label, each (1, H, W) float.
        label_key: the one that is cut at 0.5 afterwards.
        prob: probability of doing anything.
        zoom: largest natural logarithm of the zoom, in either direction.
        stretch: the same of height over width.
        rotate: largest angle in radians, in either direction.
        shift: largest shift in each direction, as a share of height and width.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        label_key: str = "label",
        prob: float = 1.0,
        zoom: float = 0.5,
        stretch: float = 0.3,
        rotate: float = 0.26,
        shift: float = 0.2,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.label_key = label_key
        self.ranges = np.array([zoom, stretch, rotate, shift, shift])
        self._drawn = np.zeros(5)
        self._mirrored = False

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, and all that is changed."""
        super().randomize(data)
        self._drawn = self.R.uniform(-self.ranges, self.ranges)
        self._mirrored = bool(self.R.uniform() < 0.5)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Change all keys alike.

        Returns:
            A copy of the item with the keys changed, at their size.
        """
        item = dict(data)
        self.randomize()
        if not self._do_transform:
            return item
        zoom, stretch, angle, *shift = self._drawn.tolist()
        down, across = math.exp(-zoom - stretch / 2), math.exp(-zoom + stretch / 2)
        sine, cosine = math.sin(angle), math.cos(angle)
        for key in self.key_iterator(item):
            pixels = item[key]
            height, width = pixels.shape[1:]
            # Rows of x and y of the source, in halves of width and height.
            matrix = torch.tensor(
                [
                    [across * cosine, -across * sine * height / width, 2 * shift[0]],
                    [down * sine * width / height, down * cosine, 2 * shift[1]],
                ],
                dtype=pixels.dtype,
            )
            grid = affine_grid(matrix[None], [1, *pixels.shape], align_corners=False)
            moved = grid_sample(
                pixels[None],
                grid,
                padding_mode="reflection" if self._mirrored else "zeros",
                align_corners=False,
            )[0]
            item[key] = (moved > 0.5).to(pixels.dtype) if key == self.label_key else moved
        return item
