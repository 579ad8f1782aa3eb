"""Keep silent about an image that probably shows no lesion."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform


class DiscardUnlikelyd(MapTransform):
    """Clear a mask if the probability that its image shows a lesion is below a threshold.

    Args:
        keys: masks (1, H, W), 0 or 1.
        threshold: 0 to 1; 0 keeps every mask.
        probability_key: where `LesionProbabilityd` has put the probability.

    Raises:
        ValueError: `threshold` is not within 0 to 1.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        threshold: float,
        probability_key: str = "lesion_probability",
    ) -> None:
        super().__init__(keys)
        if not 0 <= threshold <= 1:
            msg = f"expected a threshold from 0 to 1, got {threshold}"
            raise ValueError(msg)
        self.threshold = threshold
        self.probability_key = probability_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Clear or keep the masks.

        Args:
            data: the item.

        Returns:
            A copy of the item.
        """
        item = dict(data)
        if float(item[self.probability_key]) < self.threshold:
            for key in self.key_iterator(item):
                item[key] = torch.zeros_like(item[key])
        return item
