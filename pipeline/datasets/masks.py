"""Mask files of every colour depth as boolean arrays."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pipeline.errors import ReadError

LARGEST_LABEL = 15
"""Mask files whose greatest value is at most this hold label numbers, not grey levels."""

_DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


def read_pixels(path: Path) -> NDArray[Any]:
    """Decode an image file upright and without its alpha channel.

    Args:
        path: file in a format that Pillow reads.

    Returns:
        Array (H, W) of the stored depth for grey and 1-bit files (then boolean), or
        (H, W, 3) uint8 for colour and palette files.

    Raises:
        ReadError: the file is missing, damaged or no image.
    """
    try:
        with Image.open(path) as stored:
            image = ImageOps.exif_transpose(stored)
            if image.mode == "LA":
                return np.asarray(image.convert("L"))
            if image.mode in ("1", "L", "F") or image.mode.startswith("I"):
                return np.asarray(image)
            return np.asarray(image.convert("RGB"))
    except _DECODING_ERRORS as error:
        msg = f"mask cannot be read ({type(error).__name__})"
        raise ReadError(msg) from error


def read_foreground(path: Path) -> NDArray[np.bool_]:
    """Read a mask file: bright or coloured is lesion, black is not, alpha does not count.

    A pixel's value is that of its brightest colour channel. Values up to `LARGEST_LABEL` are
    label numbers, each of them foreground; otherwise foreground is brighter than half of the
    file's maximum, which leaves out the fringe that lossy compression or resizing left.

    Args:
        path: mask file in a format that Pillow reads.

    Returns:
        Boolean array (H, W), True inside the lesion.

    Raises:
        ReadError: the file is missing, damaged or no image.
    """
    pixels = read_pixels(path)
    values = pixels.max(axis=2) if pixels.ndim == 3 else pixels
    if values.dtype == np.bool_:
        return values.astype(np.bool_)
    greatest = float(values.max())
    threshold = 0.0 if greatest <= LARGEST_LABEL else greatest / 2
    return np.asarray(values > threshold)
