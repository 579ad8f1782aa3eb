"""What random changes of the grey values alone have in common."""

from abc import abstractmethod
from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, RandomizableTransform

Range = tuple[float, float]


class RandImageTransform(RandomizableTransform, MapTransform):
    """Change images with a probability, all keys alike; geometry is unchanged.

    A subclass draws in `randomize` and acts in `change`.

    Args:
        keys: images (1, H, W), rows first, float, 0 to 255.
        prob: probability of doing anything.
    """

    def __init__(self, keys: KeysCollection, prob: float) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)

    @abstractmethod
    def change(self, image: torch.Tensor) -> torch.Tensor:
        """Change one image as drawn.

        Args:
            image: as in the item; it stays as it is.
        """

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Draw once, and change all keys.

        Returns:
            A copy of the item with the images changed and every other key untouched.
        """
        item = dict(data)
        self.randomize()
        if self._do_transform:
            for key in self.key_iterator(item):
                item[key] = self.change(item[key])
        return item


def check_ranges(**ranges: Range) -> None:
    """Check that ranges to draw from are two numbers from 0 on, in order.

    Args:
        ranges: by the name of the option.

    Raises:
        ValueError: one of them is not.
    """
    for low, high in ranges.values():
        if not 0 <= low <= high:
            msg = f"expected ranges with 0 <= low <= high, got {ranges}"
            raise ValueError(msg)
