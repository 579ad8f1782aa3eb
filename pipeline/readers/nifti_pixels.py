"""Where the pixels of a NIfTI file are, and what its values mean as grey."""

from dataclasses import dataclass
from math import prod
from typing import Any

import nibabel
import numpy as np
from nibabel.volumeutils import apply_read_scaling
from numpy.typing import NDArray

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.image_source import check_size, rgb_to_grey
from pipeline.readers.limits import MOST_FRAMES

WHITE = 255.0
"""Greatest grey value of a frame."""

_FLAG_BYTES = 4
"""After the header, for extensions."""

_LARGEST_EXTENSIONS_BYTES = 16 << 20
"""Between header and pixels."""

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class GreyScale:
    """What becomes 0 and what becomes 255; without a window values stay."""

    window: tuple[float, float] | None
    remark: str = ""


@dataclass(frozen=True)
class NiftiPixels:
    """Where the pixels of a file are, and what they mean; a frame's stored shape is (W, H)."""

    shape: tuple[int, int]
    frames: int
    dtype: np.dtype[Any]
    offset: int
    slope: float | None
    intercept: float | None
    scale: GreyScale | None
    remark: str

    @classmethod
    def of(cls, header: nibabel.Nifti1Header) -> "NiftiPixels":
        """Read it from a header.

        Raises:
            SkippedError: the file is sound, but neither a 2D image nor a series of them.
            ReadError: its values or its size are not read, or it contradicts itself.
        """
        shape, frames = _read_shape(header)
        dtype = np.dtype(header.get_data_dtype())
        is_colour = dtype.names is not None and dtype.names[:3] == ("R", "G", "B")
        if not is_colour and not (dtype.kind in "uif" and dtype.itemsize <= 8):
            msg = "expected whole numbers, floating point of 16 to 64 bits or RGB, got other values"
            raise ReadError(msg)
        slope, intercept = (None, None) if is_colour else header.get_slope_inter()
        if (slope, intercept) == (1, 0):
            slope = intercept = None
        scale = None
        low, high = float(header["cal_min"]), float(header["cal_max"])
        if is_colour or (dtype == np.uint8 and slope is None):
            scale = GreyScale(None)
        elif np.isfinite([low, high]).all() and low < high:
            scale = GreyScale((low, high), "grey values: from cal_min to cal_max of the header")
        is_assumed = frames > 1 and header.get_data_shape()[2] > 1
        remark = "the third axis is taken for time, and not for depth" if is_assumed else ""
        offset = _read_offset(header)
        return cls(shape, frames, dtype, offset, slope, intercept, scale, remark)

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame as it is stored."""
        return prod(self.shape) * self.dtype.itemsize

    def convert(self, content: bytes) -> FloatArray:
        """Take bytes of whole lines for values (W, lines), the first axis running fastest."""
        stored = np.frombuffer(content, self.dtype).reshape((self.shape[0], -1), order="F")
        if self.dtype.names is not None:
            return rgb_to_grey(np.stack([stored[name] for name in "RGB"], axis=-1)).astype(float)
        scaled: NDArray[Any] = apply_read_scaling(stored, self.slope, self.intercept)
        return scaled.astype(np.float64)

    def choose_scale(self, low: float, high: float) -> GreyScale:
        """Choose by the least and the largest value of the file."""
        is_whole = self.dtype.kind in "ui" and self.slope is None
        if low >= 0 and high <= 1 and high > 0 and not is_whole:
            return GreyScale((0, 1), "grey values: 0 to 1 is taken for black to white")
        if low >= 0 and high <= WHITE:
            return GreyScale(None)
        if is_whole and self.dtype.itemsize <= 2:
            ends = np.iinfo(self.dtype)
            window = float(min(0, ends.min) if low < 0 else 0), float(ends.max)
            return GreyScale(window, "grey values: the range of the stored type is black to white")
        high = max(high, np.nextafter(low, np.inf))  # else one value alone would be white
        return GreyScale((low, high), "grey values: the least and the largest are black and white")


def _read_shape(header: nibabel.Nifti1Header) -> tuple[tuple[int, int], int]:
    """Read the shape of a frame, (W, H), and the number of frames."""
    shape = [int(size) for size in header.get_data_shape()]
    if min(shape, default=0) < 1:
        msg = f"expected at least one pixel along each axis, got the shape {shape}"
        raise ReadError(msg)
    others = [size for size in shape[2:] if size > 1]
    if len(shape) < 2 or len(others) > 1 or prod(shape[4:]) > 1:
        msg = "not a 2D image, nor a series: it has other dimensions, or colour along one of them"
        raise SkippedError(msg)
    if others and min(shape[:2]) == 1:
        msg = "expected a 2D image along the first two axes, got one along others: reorder them"
        raise ReadError(msg)
    frames = prod(others)
    if frames > MOST_FRAMES:
        msg = f"expected at most {MOST_FRAMES} frames, got {frames}"
        raise ReadError(msg)
    columns, rows = shape[:2]
    check_size(rows, columns)
    return (columns, rows), frames


def _read_offset(header: nibabel.Nifti1Header) -> int:
    offset = int(header.get_data_offset())
    least = header.sizeof_hdr + _FLAG_BYTES
    if not 0 <= offset - least <= _LARGEST_EXTENSIONS_BYTES:
        msg = f"expected pixels from about byte {least} on, got {offset}"
        raise ReadError(msg)
    return offset
