"""Suppress outlines that are probably no lesion."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform
from monai.utils import convert_to_numpy
from numpy.typing import NDArray
from scipy.ndimage import label


class JudgeCandidatesd(MapTransform):
    """Clear the candidates whose probability of being a lesion is below a threshold.

    A candidate is a connected component (8 neighbours) of the mask. The probability of the image is
    that of its most probable candidate, and 0 if nothing is outlined. A network without a channel
    for presence has one probability for the whole image, which `LesionProbabilityd` has found.

    Args:
        keys: masks (1, H, W), 0 or 1.
        threshold: 0 to 1, the operating point; 0 keeps every candidate.
        scale: gives the probability of a candidate, see `PlattScale`.
        presence_key: the network's third channel (1, H, W), see `SplitJudgementsd`. Afterwards it
            holds the probability of each candidate at its pixels, and 0 elsewhere.
        probability_key: where the probability of the image goes, or is.
        suppressed_key: where the mask (1, H, W) of the cleared candidates goes; theirs is the
            probability in ``presence_key`` too.

    Raises:
        ValueError: `threshold` is not within 0 to 1.
    """

    def __init__(
        self,
        keys: KeysCollection,
        *,
        threshold: float,
        scale: Callable[[NDArray[np.bool_], NDArray[np.float32]], float],
        presence_key: str = "presence",
        probability_key: str = "lesion_probability",
        suppressed_key: str = "suppressed",
    ) -> None:
        super().__init__(keys)
        if not 0 <= threshold <= 1:
            msg = f"expected a threshold from 0 to 1, got {threshold}"
            raise ValueError(msg)
        self.threshold = threshold
        self.scale = scale
        self.presence_key = presence_key
        self.probability_key = probability_key
        self.suppressed_key = suppressed_key

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Clear or keep each candidate."""
        item = dict(data)
        for key in self.key_iterator(item):
            mask = convert_to_numpy(item[key][0]) > 0
            presence = self._judge(item, mask)
            kept = mask & (presence >= np.float32(self.threshold))
            item[self.presence_key] = torch.from_numpy(presence)[None]
            item[self.suppressed_key] = torch.from_numpy(mask & ~kept)[None]
            item[key] = item[key] * torch.from_numpy(kept).to(item[key].device)
        return item

    def _judge(self, item: dict[Hashable, Any], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Give each pixel of the mask the probability of its candidate; note that of the image."""
        presence = np.zeros(mask.shape, np.float32)
        if self.presence_key not in item:
            presence[mask] = float(item[self.probability_key])
            return presence
        channel = convert_to_numpy(item[self.presence_key][0], np.float32)
        # Only the candidates' surroundings are processed, a small part of the image.
        window = tuple(
            slice(found[0], found[-1] + 1) if found.size else slice(0)
            for found in (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        )
        inside, channel = presence[window], channel[window]
        candidates, count = label(mask[window], np.ones((3, 3)))  # in 32 bits
        for number in range(1, count + 1):
            place = candidates == number
            inside[place] = self.scale(place, channel)
        item[self.probability_key] = torch.tensor(float(inside.max(initial=0)))
        return presence
