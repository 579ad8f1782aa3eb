"""The picture of every member, and what saves it."""

import io
from typing import Any

import numpy as np
import tifffile
from bad_files.bad_file import IMAGE
from dicom_kinds.member import Member
from numpy.typing import NDArray
from PIL import Image

GREY = IMAGE
RGB = np.dstack([GREY] * 3)
DEEP = GREY.astype(np.uint16) * 257
BLACK_AND_WHITE = (GREY > 127) * np.uint8(255)
LOSS = 12.0
"""Grey levels that JPEG may cost the phantom, whose edges are sharp."""

STORED = {
    1: GREY,
    2: GREY[:, ::-1],
    3: GREY[::-1, ::-1],
    4: GREY[::-1],
    5: GREY.T,
    6: np.rot90(GREY),
    7: np.rot90(GREY, 2).T,
    8: np.rot90(GREY, -1),
}
"""How a camera stores the picture, by *Orientation* (274)."""


def member(
    kind: str,
    name: str,
    content: bytes,
    *frames: NDArray[Any],
    refused: str = "",
    tolerance: float = 1.0,
) -> Member:
    """Make a member of a kind; without frames it shows the picture."""
    shown = frames or (() if refused else (GREY,))
    return Member(kind, name, lambda: content, shown, refused, tolerance=tolerance)


def save(values: NDArray[Any] | Image.Image, kind: str, **options: Any) -> bytes:
    """Encode by Pillow."""
    image = values if isinstance(values, Image.Image) else Image.fromarray(_pack(values))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: NDArray[Any], orientation: int = 1, **options: Any) -> bytes:
    """Encode by tifffile."""
    is_grey = values.ndim == 2
    options = {"photometric": "minisblack" if is_grey else "rgb", **options}
    if orientation != 1:
        options["extratags"] = [(274, "H", 1, orientation, True)]
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, _pack(values), **options)
    return buffer.getvalue()


def _pack(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values)
