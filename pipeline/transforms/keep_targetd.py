"""Keep every lesion, or only those that are probably malignant."""

from collections.abc import Callable, Hashable, Mapping

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_numpy
from numpy.typing import NDArray
from skimage.measure import label

from pipeline.errors import ConfigError

TARGETS = ("lesion", "malignant")


class KeepTargetd(MapTransform):
    """Clear lesions other than the target.

    Args:
        keys: masks (1, H, W), 0 or 1.
        target: `lesion` keeps all, `malignant` those whose probability of malignancy is at least
            `threshold`.
        scale: gives that probability, see `PlattScale`.
        threshold: 0 to 1.
        malignancy_key: the network's second channel (1, H, W), see `SplitJudgementsd`.

    Raises:
        ConfigError: `target` is none of `TARGETS`, or it is `malignant` and the network has no
            channel for it.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        target: str,
        scale: Callable[[NDArray[np.bool_], NDArray[np.float32]], float],
        threshold: float = 0.5,
        malignancy_key: str = "malignancy",
    ) -> None:
        super().__init__(keys)
        if target not in TARGETS:
            msg = f"expected the target to be one of {', '.join(TARGETS)}, got {target!r}"
            raise ConfigError(msg)
        self.target = target
        self.scale = scale
        self.threshold = threshold
        self.malignancy_key = malignancy_key

    def __call__(self, data: Mapping[Hashable, torch.Tensor]) -> dict[Hashable, torch.Tensor]:
        """Clear lesions other than the target."""
        item = dict(data)
        if self.target == "lesion":
            return item
        if self.malignancy_key not in item:
            msg = (
                "expected a network with a second channel for malignancy, got one "
                "without: set target to lesion"
            )
            raise ConfigError(msg)
        malignancy = convert_to_numpy(item[self.malignancy_key][0], np.float32)
        for key in self.key_iterator(item):
            components = label(convert_to_numpy(item[key][0]) > 0, connectivity=2)
            kept = np.zeros(components.shape, bool)
            for number in range(1, components.max() + 1):
                lesion = components == number
                if self.scale(lesion, malignancy) >= self.threshold:
                    kept |= lesion
            item[key] = item[key] * torch.from_numpy(kept).to(item[key].device)
        return item
