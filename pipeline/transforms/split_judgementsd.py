"""Split the judgements of a network from its outline."""

from collections.abc import Hashable, Mapping, Sequence

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform


class SplitJudgementsd(MapTransform):
    """Move further channels of an output to keys of their own.

    They mean something inside a lesion only (see `LesionLoss`). An output with fewer channels gets
    fewer keys.

    Args:
        keys: probabilities (C, H, W).
        output_keys: where the second channel goes, the third, and so on, each (1, H, W).

    Examples:
        >>> item = SplitJudgementsd("pred")({"pred": torch.tensor([[[0.5, 0.25]], [[0.75, 1.0]]])})
        >>> item["pred"].tolist(), item["malignancy"].tolist()
        ([[[0.5, 0.25]]], [[[0.75, 1.0]]])
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        output_keys: Sequence[str] = ("malignancy", "presence"),
    ) -> None:
        super().__init__(keys)
        self.output_keys = tuple(output_keys)

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Split the output.

        Returns:
            A copy of the item with one channel, and a key for each other one.
        """
        item = dict(data)
        for key in self.key_iterator(item):
            output = item[key]
            item[key] = output[:1]
            for number, name in enumerate(self.output_keys[: output.shape[0] - 1], start=1):
                item[name] = output[number : number + 1]
        return item
