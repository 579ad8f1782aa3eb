"""A picture as the one array that a decoder's process can give back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.image_source import Picture, to_grey_image


def pack_picture(grey: NDArray[Any], coloured: NDArray[np.bool_] | None) -> NDArray[Any]:
    """Put both into one array.

    Args:
        grey: (H, W), 0 to 255; uint8 if anything is coloured.
        coloured: (H, W), or `None` for nothing.

    Returns:
        ``grey``, or (2, H, W) of uint8: ``grey``, and 0 or 1.
    """
    return grey if coloured is None else np.stack((grey, coloured.view(np.uint8)))


def unpack_picture(packed: NDArray[Any]) -> Picture:
    """Take apart what `pack_picture` made.

    Raises:
        ReadError: another decoder made it.
    """
    if packed.ndim == 2:
        return Picture(to_grey_image(packed))
    if packed.ndim != 3 or len(packed) != 2 or packed.dtype != np.uint8:
        msg = f"expected a decoded picture, got {packed.dtype} {packed.shape}"
        raise ReadError(msg)
    return Picture(to_grey_image(packed[0]), packed[1] > 0)
