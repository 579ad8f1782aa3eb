"""Random calipers, so that the network does not learn lesions from them."""

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.transforms.rand_image_transform import (
    RandImageTransform,
    Range,
    check_ranges,
)

Points = NDArray[np.float64]


class RandCalipers(RandImageTransform):
    """Draw one or two measured axes at random places.

    In the data, calipers stand at lesions alone, and a network takes them for lesions. Each axis is
    two crosses, upright or slanting, and half of the time a dotted line between them; the second
    axis crosses the first one at its middle, at a right angle.

    Args:
        prob: probability of doing anything.
        length: least and largest length of the first axis as a share of the shorter side.
        arm: least and largest arm of a cross, in px.
        grey: least and largest grey value of the marks.

    Raises:
        ValueError: a range is not two numbers from 0 on, in order.
    """

    def __init__(
        self,
        *,
        prob: float = 0.2,
        length: Range = (0.08, 0.5),
        arm: tuple[int, int] = (1, 4),
        grey: Range = (140.0, 255.0),
    ) -> None:
        super().__init__(prob)
        check_ranges(length=length, arm=arm, grey=grey)
        self.length = length
        self.arm = arm
        self.grey = grey
        self._middle = (0.0, 0.0)
        self._lengths = (0.0, 0.0)
        self._angle = 0.0
        self._style = (1, False, 0)
        self._grey = 0.0

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, the axes as shares of the image, and how they look."""
        super().randomize(data)
        self._middle = (self.R.uniform(0.1, 0.9), self.R.uniform(0.1, 0.9))
        first = self.R.uniform(*self.length)
        second = self.R.uniform(0.4, 0.9) * first * (self.R.uniform() < 0.5)
        self._lengths = (first, second)
        self._angle = self.R.uniform(-0.6, 0.6)
        arm = self.R.randint(self.arm[0], self.arm[1] + 1)
        is_slanting, is_dotted = self.R.uniform(size=2) < 0.5
        self._style = (arm, bool(is_slanting), self.R.randint(3, 7) * bool(is_dotted))
        self._grey = self.R.uniform(*self.grey)

    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Draw the marks.

        Returns:
            The image with its marks, of the same shape and type.
        """
        marked = image.clone()
        rows, columns = self._list_pixels(*image.shape[-2:])
        marked[..., rows, columns] = self._grey
        return marked

    def _list_pixels(self, height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """List rows and columns of the marks that lie in the image."""
        middle = np.array(self._middle) * (height, width)
        arm, is_slanting, step = self._style
        cross = _draw_cross(arm, is_slanting=is_slanting)
        points = []
        for share, angle in zip(self._lengths, (self._angle, self._angle + np.pi / 2), strict=True):
            half = share * min(height, width) / 2 * np.array((np.sin(angle), np.cos(angle)))
            if not share:
                continue
            points += [middle - half + cross, middle + half + cross]
            if step:
                number = max(2, round(2 * np.hypot(*half) / step))
                points.append(middle + np.linspace(-1, 1, number)[:, None] * half)
        pixels = np.rint(np.concatenate(points)).astype(np.intp)
        inside = ((pixels >= 0) & (pixels < (height, width))).all(axis=1)
        rows, columns = pixels[inside].T
        return rows, columns


def _draw_cross(arm: int, *, is_slanting: bool) -> Points:
    along = np.arange(-arm, arm + 1)
    if is_slanting:
        lines = (np.stack((along, along), axis=1), np.stack((along, -along), axis=1))
    else:
        nought = np.zeros_like(along)
        lines = (np.stack((along, nought), axis=1), np.stack((nought, along), axis=1))
    return np.concatenate(lines).astype(np.float64)
