"""Take the channel of malignancy off a network's output."""

from collections.abc import Hashable, Mapping

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform


class SplitMalignancyd(MapTransform):
    """Move the second channel of an output to a key of its own.

    It is the probability that a lesion there is malignant, and has no meaning where there is none
    (see `LesionLoss`). An output of one channel stays as it is, and gets no such key.

    Args:
        keys: probabilities (1 or 2, H, W).
        output_key: where the second channel goes, (1, H, W).

    Examples:
        >>> item = SplitMalignancyd("pred")({"pred": torch.tensor([[[0.5, 0.25]], [[0.75, 1.0]]])})
        >>> item["pred"].tolist(), item["malignancy"].tolist()
        ([[[0.5, 0.25]]], [[[0.75, 1.0]]])
    """

    def __init__(self, keys: KeysCollection, *, output_key: str = "malignancy") -> None:
        super().__init__(keys)
        self.output_key = output_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Split the output.

        Args:
            data: the item.

        Returns:
            A copy of the item with one channel, and `output_key` if there were two.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            if item[key].shape[0] > 1:
                item[self.output_key] = item[key][1:2]
                item[key] = item[key][:1]
        return item
