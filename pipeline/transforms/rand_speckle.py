"""Random speckle, as of other frequencies and apertures."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from pipeline.transforms.rand_image_transform import (
    RandImageTransform,
    Range,
    check_ranges,
)


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
        check_ranges(size_x=size_x, size_y=size_y, strength=strength)
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
