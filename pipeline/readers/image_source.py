"""An opened image file whose frames are decoded one at a time."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError
from pipeline.readers.ultrasound_region import Box

GreyImage = NDArray[np.float32]
"""Grey values (H, W), rows first, float32, 0 (black) to 255 (white) whatever the source's depth."""

LARGEST_IMAGE_PX = 64_000_000
"""Pixels of a frame beyond which a header is taken for damaged, before memory is spent on it."""

_LUMA = np.array([19595, 38470, 7471], dtype=np.uint32)
"""ITU-R BT.601 weights in 1/65536, as Pillow rounds them: r = g = b gives back that value."""


class ImageSource(Protocol):
    """An opened file; `frames` counts its images, `read` decodes one of them."""

    @property
    def frames(self) -> int:
        """Number of frames, at least 1."""
        ...

    def region(self, rows: int, columns: int) -> Box | None:
        """Box of the ultrasound within a frame of that size; `None` if unknown."""
        ...

    def read(self, index: int) -> GreyImage:
        """Decode one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values (H, W), float32, 0 to 255, first row at the top, first column at the left.

        Raises:
            ReadError: the frame cannot be decoded.
        """
        ...


def check_size(rows: int, columns: int) -> None:
    """Check the size that a header claims, before its pixels are decoded.

    Args:
        rows: height of the frame.
        columns: width of the frame.

    Raises:
        ReadError: there are no pixels, or more than `LARGEST_IMAGE_PX`.
    """
    if not 0 < rows * columns <= LARGEST_IMAGE_PX:
        msg = f"expected a frame of 1 to {LARGEST_IMAGE_PX} pixels, got {rows} x {columns}"
        raise ReadError(msg)


def rgb_to_grey(rgb: NDArray[np.uint8]) -> GreyImage:
    """Luma of a colour image (ITU-R BT.601).

    Args:
        rgb: (H, W, 3) uint8, 0 to 255.

    Returns:
        (H, W) float32 with whole numbers 0 to 255.

    Examples:
        >>> rgb_to_grey(np.array([[[255, 255, 255], [7, 7, 7]]], np.uint8)).tolist()
        [[255.0, 7.0]]
    """
    luma = (rgb.astype(np.uint32) @ _LUMA + 0x8000) >> 16
    return luma.astype(np.float32)
