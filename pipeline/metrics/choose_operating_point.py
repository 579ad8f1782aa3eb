"""The highest operating point that suppresses few lesions."""

from collections.abc import Mapping, Sequence

import numpy as np

FOUND = 0.1
"""Dice from which a lesion was found, so that silence would lose it."""

SILENCED = 0.03
"""Share of the lesions that the default operating point may silence."""

Score = tuple[float, float]
"""Probability and Dice of an image with a lesion."""


def choose_operating_point(
    scores: Mapping[str, Sequence[Score]], silenced: float = SILENCED
) -> float:
    """Choose the highest operating point that suppresses no more lesions than allowed.

    It is chosen for what silence costs, as the number of healthy pictures among those to come is
    not known.

    Args:
        scores: for each source of images, those with a lesion, without an operating point. Each
            source has the same weight.
        silenced: share of the images with a lesion that was found and falls silent, in the mean
            over sources, 0 to 1.

    Returns:
        0 to 1, a multiple of 0.01; 0 if there is no image with a lesion.

    Examples:
        >>> choose_operating_point({"a": [(0.4, 0.9), (0.7, 0.9)]}, silenced=0.5)
        0.7
    """
    points = np.arange(101) / 100
    lost = []
    for images in filter(None, scores.values()):
        found = np.array([probability for probability, dice in images if dice >= FOUND])
        lost.append((found[:, None] < points).sum(axis=0) / len(images))
    if not lost:
        return 0.0
    return float(points[np.flatnonzero(np.mean(lost, axis=0) <= silenced)[-1]])
