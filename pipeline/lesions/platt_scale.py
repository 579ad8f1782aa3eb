"""From a channel of the network to a probability."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST = 1e-6
"""Distance from 0 and 1 that keeps a logit finite."""


@dataclass(frozen=True)
class PlattScale:
    """Platt's scaling of the mean over a lesion (Platt 1999, Probabilistic outputs for SVMs).

    The probability is ``sigmoid(slope * logit(mean) + offset)``. `benchmarks/accuracy.py` fits
    both numbers, for malignancy and for presence, on images that the networks were not trained on.

    Attributes:
        slope: above 0; more than 1 takes probabilities away from a half.
        offset: shifts all of them.

    Examples:
        >>> PlattScale(slope=2.0)(np.ones((1, 2), bool), np.full((1, 2), 0.75, np.float32))
        0.9
    """

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, mask: NDArray[np.bool_], channel: NDArray[np.float32]) -> float:
        """Give the probability for a lesion.

        Args:
            mask: (H, W) bool, the pixels of the lesion, at least one.
            channel: (H, W) float32, of the network, 0 to 1.

        Returns:
            0 to 1, six digits, so that sums in another order give the same.
        """
        mean = float(channel[mask].mean(dtype=np.float64))
        return round(self.scale(mean), 6)

    def scale(self, mean: float) -> float:
        """Scale a mean that is known already.

        Args:
            mean: 0 to 1.
        """
        mean = min(max(mean, _LEAST), 1 - _LEAST)
        return 1 / (1 + math.exp(-self.slope * math.log(mean / (1 - mean)) - self.offset))
