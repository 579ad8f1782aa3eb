"""Grey values of an image as the bytes of a picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LINES = 256
"""Lines of pixels that are rounded at once: floats of a large image take much memory."""


def to_grey_levels(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Round to levels.

    Args:
        image: grey values (H, W), of any dtype.

    Returns:
        (H, W) uint8, clipped to 0 to 255; the same array if it is of that type.

    Examples:
        >>> to_grey_levels(np.array([[-3.0, 7.4, 7.6, 300.0]])).tolist()
        [[0, 7, 8, 255]]
    """
    if image.dtype == np.uint8:
        return image
    levels = np.empty(image.shape, np.uint8)
    for start in range(0, len(image), _LINES):
        rounded = np.rint(image[start : start + _LINES])
        levels[start : start + _LINES] = np.clip(rounded, 0, 255)
    return levels
