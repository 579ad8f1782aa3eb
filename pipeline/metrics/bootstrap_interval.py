"""How sure a mean over images is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError


def bootstrap_interval(
    values: NDArray[np.float64],
    groups: Sequence[str],
    *,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Percentile interval of the mean over images, from draws of whole groups.

    Images of one group (one patient, near-copies) are alike; an interval from draws of single
    images would be too narrow. If every image is its own group, this is the plain bootstrap
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3).

    Args:
        values: float64 array (N, M), one row per image and one column per score; NaN where a
            score is undefined, which leaves the image out of that column's mean.
        groups: group of every image, N strings.
        draws: number of draws, at least 1.
        level: share of the drawn means inside the interval, above 0 and below 1.
        seed: decides the draws.

    Returns:
        float64 array (M, 2), the lower and upper end for every column; NaN where fewer than two
        groups have a value.

    Raises:
        ConfigError: `draws` or `level` is out of its range.
        ValueError: `values` is not (N, M) with N the number of `groups`.
    """
    if draws < 1 or not 0 < level < 1:
        msg = f"expected at least 1 draw and a level in (0, 1), got {draws} and {level}"
        raise ConfigError(msg)
    if values.ndim != 2 or values.shape[0] != len(groups):
        msg = f"expected values of shape ({len(groups)}, M), got {values.shape}"
        raise ValueError(msg)
    names, index = np.unique(np.asarray(groups, dtype=object), return_inverse=True)
    sums = np.zeros((names.size, values.shape[1]))
    counts = np.zeros_like(sums)
    np.add.at(sums, index, np.nan_to_num(values, nan=0.0))
    np.add.at(counts, index, ~np.isnan(values))
    ends = np.full((values.shape[1], 2), np.nan)
    known = (counts > 0).sum(axis=0) >= 2
    if not known.any():
        return ends
    rng = np.random.default_rng(seed)
    means = np.full((draws, values.shape[1]), np.nan)
    for draw in means:
        times = np.bincount(rng.integers(names.size, size=names.size), minlength=names.size)
        drawn = times @ counts
        np.divide(times @ sums, drawn, out=draw, where=drawn > 0)
    tail = 100 * (1 - level) / 2
    ends[known] = np.nanpercentile(means[:, known], [tail, 100 - tail], axis=0).T
    return ends
