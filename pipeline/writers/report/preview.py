"""The small pictures beside a page."""

from io import BytesIO
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from pipeline.writers.grey_levels import to_grey_levels

PREVIEW_PX = 640
"""Longest side of a preview; smaller images keep their size."""

_QUALITY = 85


def encode_preview(image: NDArray[Any]) -> bytes:
    """Encode an image as a small grey JPEG.

    Args:
        image: grey values (H, W), 0 to 255, of any dtype; rounded and clipped.

    Returns:
        JPEG of 8-bit grey, scaled down to a longest side of `PREVIEW_PX`; the same image gives
        the same bytes.
    """
    grey = Image.fromarray(to_grey_levels(image))
    scale = PREVIEW_PX / max(grey.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in grey.size)
        grey = grey.resize((width, height), Image.Resampling.LANCZOS)
    buffer = BytesIO()
    grey.save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()
