"""Turn a picture as its orientation tag says."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

TURNED = range(5, 9)
"""Values of the tag by which rows become columns."""

_FLIPPED = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}
"""Axes that are mirrored, after rows have become columns."""


def turn_upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn a picture from how it is stored to how it is seen.

    Args:
        values: (H, W) or (H, W, channels) as stored.
        orientation: *Orientation* (274) of TIFF and EXIF, 1 to 8; every other value says nothing.

    Returns:
        The values as seen, (W, H) or (W, H, channels) from 5 on; a view if nothing is to be turned.

    Examples:
        >>> turn_upright(np.array([[1, 2, 3], [4, 5, 6]]), 6).tolist()
        [[4, 1], [5, 2], [6, 3]]
    """
    seen = values.swapaxes(0, 1) if orientation in TURNED else values
    return np.flip(seen, _FLIPPED[orientation]) if orientation in _FLIPPED else seen
