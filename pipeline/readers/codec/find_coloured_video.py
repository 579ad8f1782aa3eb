"""What is coloured in a frame of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.readers.find_coloured import find_coloured

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

_NO_COLOUR = 128
_FAINT = 10
"""Difference of Cb and Cr from 128 that is not enough to be called coloured."""


def find_coloured_video(frame: VideoFrame, luma: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Find what is coloured by the planes of Cb and Cr, which mostly are of half the size.

    Args:
        frame: as decoded.
        luma: (H, W), 0 to 255.

    Returns:
        (H, W), or `None` for nothing, as in a video that has no planes of colour.
    """
    components = frame.format.components
    is_planar = len(components) >= 3 and len({component.plane for component in components}) >= 3
    if not is_planar or frame.format.is_rgb or frame.format.is_big_endian:
        return None
    chroma = [_take(frame, number) for number in (1, 2)]
    if all(int(np.abs(plane.astype(np.int16) - _NO_COLOUR).max()) <= _FAINT for plane in chroma):
        return None
    enlarged = [_enlarge(plane, luma.shape) for plane in chroma]
    return find_coloured(np.stack((luma, *enlarged), axis=-1), is_ybr=True)


def _take(frame: VideoFrame, number: int) -> NDArray[np.uint8]:
    """Copy a plane of colour, in 8 bits."""
    component = frame.format.components[number]
    plane: Any = frame.planes[component.plane]
    dtype = np.dtype(np.uint8 if component.bits == 8 else "<u2")
    padded = np.frombuffer(plane, dtype).reshape(plane.height, -1)
    values = padded[: component.height, : component.width].astype(np.uint16)
    levels: NDArray[np.uint8] = (values >> (component.bits - 8)).astype(np.uint8)
    return levels


def _enlarge(plane: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Repeat the values of a smaller plane."""
    rows, columns = (
        np.arange(size) * smaller // size for size, smaller in zip(shape, plane.shape, strict=True)
    )
    enlarged: NDArray[np.uint8] = plane[rows[:, None], columns]
    return enlarged
