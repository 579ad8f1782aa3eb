"""How sure the network is of where the lesion ends."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

_DOUBTFUL = (0.2, 0.8)
"""Probabilities between which a pixel is neither lesion nor not."""


class BoundaryUncertaintyd(MapTransform):
    """Add the doubtful area beside the area of the lesions.

    It is the number of pixels with a probability from 0.2 to 0.8, over the number of those above
    0.5: a sharp outline around a large lesion has little, a blurred or broken one much of it. It
    predicts well which masks are poor: `docs/model.md` has the figures.

    Args:
        keys: probability maps (1, H, W), 0 to 1.
        output_key: where the number goes, a scalar tensor, 0 or more.

    Examples:
        >>> transform = BoundaryUncertaintyd("pred")
        >>> transform({"pred": torch.tensor([[[0.9, 0.9, 0.7, 0.1]]])})["boundary_uncertainty"]
        tensor(0.3333)
    """

    def __init__(self, keys: KeysCollection, *, output_key: str = "boundary_uncertainty") -> None:
        super().__init__(keys)
        self.output_key = output_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Add the doubt of the last key.

        Returns:
            A copy of the item with `output_key` added.
        """
        item = dict(data)
        low, high = _DOUBTFUL
        for key in self.key_iterator(item):
            values = torch.as_tensor(item[key])
            doubtful = torch.count_nonzero((values > low) & (values < high))
            lesion = torch.count_nonzero(values > (low + high) / 2)
            doubt = doubtful / lesion.clamp(min=1)
            item[self.output_key] = torch.Tensor.as_subclass(doubt, torch.Tensor)
        return item
