"""Experiment: random shadows, calipers and coarse speckle, which the recipe of 0.1.0 drew."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.transforms import RandImageTransform

Points = NDArray[np.float64]
Range = tuple[float, float]
"""Least and largest value to draw."""

_SOFT = 0.06
"""Width of the edge of a shadow as a share of the image's width, or depth."""


class RandShadow(RandImageTransform):
    """Darken columns from some depth on.

    A lesion is dark and often casts a shadow; a shadow is no lesion. The grey values are
    log-compressed echo, so what is lost on the way is subtracted; the result is clipped at 0.

    Args:
        prob: probability of doing anything.
        number: most shadows in an image; at least one is drawn.
        width: least and largest share of the width that a shadow takes.
        depth: least and largest share of the height above it.
        loss: least and largest grey value that is subtracted.

    Raises:
        ValueError: `number` is below 1, or a range is not two numbers from 0 on, in order.
    """

    def __init__(
        self,
        *,
        prob: float = 0.3,
        number: int = 3,
        width: Range = (0.03, 0.2),
        depth: Range = (0.0, 0.5),
        loss: Range = (20.0, 90.0),
    ) -> None:
        super().__init__(prob)
        _check_ranges(width=width, depth=depth, loss=loss)
        if number < 1:
            msg = f"expected a number >= 1, got {number}"
            raise ValueError(msg)
        self.number = number
        self.width = width
        self.depth = depth
        self.loss = loss
        self._shadows: list[tuple[float, float, float, float]] = []

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, and middle, width, depth and loss of each shadow."""
        super().randomize(data)
        ranges = ((0.0, 1.0), self.width, self.depth, self.loss)
        self._shadows = [
            tuple(self.R.uniform(low, high) for low, high in ranges)
            for _ in range(self.R.randint(1, self.number + 1))
        ]

    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Cast the shadows.

        Returns:
            The image with its shadows, of the same shape and type.
        """
        lost = torch.as_tensor(self._draw(*image.shape[-2:]), dtype=image.dtype)
        return (image - lost).clamp(min=0)

    def _draw(self, height: int, width: int) -> np.ndarray:
        """Draw what is lost, the most where shadows overlap."""
        rows = (np.arange(height) + 0.5)[:, None] / height
        columns = (np.arange(width) + 0.5) / width
        lost = np.zeros((height, width))
        for middle, size, depth, loss in self._shadows:
            across = (size / 2 - np.abs(columns - middle)) / _SOFT + 0.5
            down = (rows - depth) / _SOFT
            np.maximum(lost, loss * across.clip(0, 1) * down.clip(0, 1), out=lost)
        return lost


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
        _check_ranges(length=length, arm=arm, grey=grey)
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


class RandSpeckle(RandImageTransform):
    """Multiply the image by 1 plus a grain of random size and strength.

    The grain is Gaussian noise, smoothed and brought back to a standard deviation of 1. Its size
    across and along depth is drawn on its own, as speckle is wider than it is deep.

    Args:
        prob: probability of doing anything.
        size_x: least and largest standard deviation of the smoothing across, in px.
        size_y: the same along depth.
        strength: least and largest standard deviation of the factor.

    Raises:
        ValueError: a range is not two numbers from 0 on, in order.
    """

    def __init__(
        self,
        *,
        prob: float = 0.3,
        size_x: Range = (0.5, 3.5),
        size_y: Range = (0.5, 2.0),
        strength: Range = (0.05, 0.25),
    ) -> None:
        super().__init__(prob)
        _check_ranges(size_x=size_x, size_y=size_y, strength=strength)
        self.size_x = size_x
        self.size_y = size_y
        self.strength = strength
        self._sigma = (0.0, 0.0)
        self._strength = 0.0
        self._seed = 0

    def randomize(self, data: object = None) -> None:
        """Draw whether to act, size and strength, and the seed of the grain."""
        super().randomize(data)
        self._sigma = (self.R.uniform(*self.size_y), self.R.uniform(*self.size_x))
        self._strength = self.R.uniform(*self.strength)
        self._seed = self.R.randint(2**31)

    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Apply the grain.

        Returns:
            The image with its grain, of the same shape and type.
        """
        rng = np.random.default_rng(self._seed)
        noise = rng.standard_normal(image.shape[-2:], dtype=np.float32)
        grain = gaussian_filter(noise, self._sigma, mode="wrap")
        factor = torch.as_tensor(1 + self._strength * grain / grain.std(), dtype=image.dtype)
        return (image * factor).clamp(0, 255)


def _draw_cross(arm: int, *, is_slanting: bool) -> Points:
    along = np.arange(-arm, arm + 1)
    if is_slanting:
        lines = (np.stack((along, along), axis=1), np.stack((along, -along), axis=1))
    else:
        nought = np.zeros_like(along)
        lines = (np.stack((along, nought), axis=1), np.stack((nought, along), axis=1))
    return np.concatenate(lines).astype(np.float64)


def _check_ranges(**ranges: Range) -> None:
    """Check that ranges to draw from are two numbers from 0 on, in order.

    Raises:
        ValueError: one of them is not.
    """
    for low, high in ranges.values():
        if not 0 <= low <= high:
            msg = f"expected ranges with 0 <= low <= high, got {ranges}"
            raise ValueError(msg)
