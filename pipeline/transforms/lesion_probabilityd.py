"""One probability for the whole image, from the network's own output."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform


class LesionProbabilityd(MapTransform):
    """Add the mean of the highest pixel probabilities: does the image show a lesion at all?

    A single bright pixel does not count for much in it, and the size of the lesion neither.

    Args:
        keys: probability maps (C, H, W), 0 to 1, at the network's size; the first channel counts.
        output_key: where the number goes, a scalar tensor.
        pixels: how many pixels are averaged.

    Raises:
        ValueError: `pixels` is less than 1.

    Examples:
        >>> transform = LesionProbabilityd("pred", pixels=2)
        >>> transform({"pred": torch.tensor([[[0.5, 0.1, 0.7]]])})["lesion_probability"]
        tensor(0.6000)
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        output_key: str = "lesion_probability",
        pixels: int = 200,
    ) -> None:
        super().__init__(keys)
        if pixels < 1:
            msg = f"expected at least 1 pixel, got {pixels}"
            raise ValueError(msg)
        self.output_key = output_key
        self.pixels = pixels

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Add the probability of the last key.

        Returns:
            A copy of the item with `output_key` added.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            values = torch.as_tensor(item[key])[0].flatten()
            highest = values.topk(min(self.pixels, len(values))).values
            item[self.output_key] = torch.Tensor.as_subclass(highest.mean(), torch.Tensor)
        return item
