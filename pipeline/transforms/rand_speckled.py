"""Random speckle, as other frequencies and apertures have it."""

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform
from scipy.ndimage import gaussian_filter


class RandSpeckled(RandomizableTransform, MapTransform):
    """Multiply the image by 1 plus a grain of random size and strength.

    The grain is Gaussian noise, smoothed and brought back to a standard deviation of 1. Its size
    across and along depth is drawn on its own, as speckle is wider than it is deep.

    Args:
        keys: images (1, H, W), rows first, float, 0 to 255.
        prob: probability of doing anything.
        size_x: least and largest standard deviation of the smoothing across, in px.
        size_y: the same along depth.
        strength: least and largest standard deviation of the factor.

    Raises:
        ValueError: a range is not two numbers from 0 on, in order.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        prob: float = 0.3,
        size_x: tuple[float, float] = (0.5, 3.5),
        size_y: tuple[float, float] = (0.5, 2.0),
        strength: tuple[float, float] = (0.05, 0.25),
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        for low, high in (size_x, size_y, strength):
            if not 0 <= low <= high:
                got = f"{size_x}, {size_y} and {strength}"
                msg = f"expected ranges with 0 <= low <= high, got {got}"
                raise ValueError(msg)
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

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Put the same grain on all keys.

        Args:
            data: the item.

        Returns:
            A copy of the item with the images changed and every other key untouched.
        """
        item = dict(data)
        self.randomize()
        if not self._do_transform:
            return item
        for key in self.key_iterator(item):
            image = item[key]
            rng = np.random.default_rng(self._seed)
            noise = rng.standard_normal(image.shape[-2:], dtype=np.float32)
            grain = gaussian_filter(noise, self._sigma, mode="wrap")
            factor = torch.as_tensor(1 + self._strength * grain / grain.std(), dtype=image.dtype)
            item[key] = (image * factor).clamp(0, 255)
        return item
