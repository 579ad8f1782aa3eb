"""What random changes of the grey values alone have in common."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable, RandomizableTransform

Range = tuple[float, float]
"""Least and largest value to draw."""


class RandImageTransform(RandomizableTransform):
    """Change an image with a probability; geometry is unchanged.

    A subclass draws in `randomize` and acts in `change`.

    Args:
        prob: probability of doing anything.
    """

    def __init__(self, prob: float) -> None:
        super().__init__(prob)

    @abstractmethod
    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Change one image as drawn.

        Args:
            image: (1, H, W), rows first, float, 0 to 255; it stays as it is.
        """

    def __call__(self, image: torch.Tensor, randomize: bool = True) -> torch.Tensor:
        """Draw, and change the image.

        Args:
            image: (1, H, W), rows first, float, 0 to 255; it stays as it is.
            randomize: draw; else act as drawn before.
        """
        if randomize:
            self.randomize()
        return self.change(image) if self._do_transform else image


class RandImageTransformd(Randomizable, MapTransform):
    """Draw once, and change the images of all keys alike.

    Args:
        keys: images (1, H, W), rows first, float, 0 to 255.
        transform: changes them.
    """

    def __init__(self, keys: KeysCollection, transform: RandImageTransform) -> None:
        MapTransform.__init__(self, keys)
        self.transform = transform

    def set_random_state(
        self, seed: int | None = None, state: np.random.RandomState | None = None
    ) -> "RandImageTransformd":
        """Set the state of the transform, see MONAI's `Randomizable`."""
        self.transform.set_random_state(seed, state)
        return self

    def randomize(self, data: object = None) -> None:
        """Draw."""
        self.transform.randomize(data)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Draw once, and change all keys.

        Returns:
            A copy of the item with the images changed and every other key untouched.
        """
        item = dict(data)
        self.randomize()
        for key in self.key_iterator(item):
            item[key] = self.transform(item[key], randomize=False)
        return item


def check_ranges(**ranges: Range) -> None:
    """Check that ranges to draw from are two numbers from 0 on, in order.

    Raises:
        ValueError: one of them is not.
    """
    for low, high in ranges.values():
        if not 0 <= low <= high:
            msg = f"expected ranges with 0 <= low <= high, got {ranges}"
            raise ValueError(msg)
