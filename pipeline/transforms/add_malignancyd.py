"""The pathology of an item as a second channel of its label."""

from collections.abc import Hashable, Mapping
from typing import Any

import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform

_CODES = {"malignant": 1.0, "benign": 0.0}
_UNKNOWN = -1.0


class AddMalignancyd(MapTransform):
    """Append a channel to the label: 1 where a malignant lesion is, 0 where a benign one is.

    It is -1 throughout if the pathology is neither, and 0 outside the lesion.

    Args:
        keys: labels (1, H, W), float, 1 in the lesion and 0 elsewhere.
        pathology_key: `malignant`, `benign` or anything else; may be missing.

    Examples:
        >>> item = {"label": torch.tensor([[[0.0, 1.0]]]), "pathology": "malignant"}
        >>> AddMalignancyd("label")(item)["label"].tolist()
        [[[0.0, 1.0]], [[0.0, 1.0]]]
    """

    def __init__(self, keys: KeysCollection, *, pathology_key: str = "pathology") -> None:
        super().__init__(keys)
        self.pathology_key = pathology_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Append the channel.

        Returns:
            A copy of the item with the labels (2, H, W).
        """
        item = dict(data)
        code = _CODES.get(item.get(self.pathology_key, ""), _UNKNOWN)
        for key in self.key_iterator(item):
            label = item[key]
            malignant = label * code if code >= 0 else torch.full_like(label, code)
            item[key] = torch.cat([label, malignant])
        return item
