"""2D images in NIfTI files through nibabel."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, cast

import nibabel
import numpy as np

from pipeline.errors import ReadError
from pipeline.readers.image_source import (
    GreyImage,
    Picture,
    check_index,
    no_identity,
)
from pipeline.readers.limits import LARGE_IMAGE_PX
from pipeline.readers.nifti_axes import NiftiAxes
from pipeline.readers.nifti_pixels import WHITE, FloatArray, GreyScale, NiftiPixels
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.region.foreseen_regions import ForeseenRegions

_GZIP_MAGIC, _SINGLE_MAGIC, _PAIR_MAGIC = b"\x1f\x8b", (b"n+1", b"n+2"), (b"ni1", b"ni2")
_NIFTI_1_BYTES, _NIFTI_2_BYTES = 348, 540
"""Length of the headers, which is also their first field."""
_LARGEST_INFLATED_BYTES = 1 << 30
"""Bytes of compressed pixels, which all are in memory at once."""
_LINES = 256
"""Lines of pixels that are converted at once."""
_LARGEST_REST_BYTES, _PIECE_BYTES = 16 << 20, 1 << 20
"""Bytes after compressed pixels, that are inflated in pieces to reach the checksum."""


class NiftiSource:
    """An opened NIfTI file, version 1 or 2, ``.nii`` or ``.nii.gz``; its 2D images are its frames.

    Shapes are (W, H), followed by any number of 1; (W, H, 1, T) is a cine. (W, H, T) is taken for
    one, too; it looks the same as a volume of T slices, which a remark says. Others are skipped.

    **Axes.** NIfTI says where its axes point in the patient, but ultrasound is a picture and not
    a slice: mostly the tool made it up. The picture is shown as an axial slice is: columns run to
    the patient's left and rows to the back, in other planes columns to the left or the back and
    rows to the back or the feet. So the (L, P) of ITK and SimpleITK is read as it is stored. Two
    exceptions are of the identity (R, A), and of files without orientation. nibabel and MONAI
    write so if nothing is known: columns run along the first axis, rows along the second one, as
    stored. dcm2niix writes so for ultrasound, but turns it over: it is known by its origin in the
    last row, and turned back.

    **Values** are scaled by slope and intercept of the header, then to 0 to 255 by the first rule
    that fits, the same for all frames of a file, and all but the first and third are remarked:

    1. RGB becomes luma; uint8 without slope stays.
    2. From *cal_min* to *cal_max* if the header gives such a window; what is beyond is clipped.
    3. Values within 0 to 255 stay, except for floating point within 0 to 1, that is multiplied.
    4. Whole numbers of 8 or 16 bits, without slope: their type's range from 0 on, as in PNG, or
       the whole range if any is negative.
    5. Others: from the least to the largest value.

    **Size.** mm are given if the header names the unit, the spacing does not contradict itself, and
    `refuse_scale` believes it.

    Attributes:
        format: its name.
        header: of version 1 or 2, as nibabel reads it.
        may_name_patient: no, as for all files but DICOM: who wrote it chose what is in it.

    Raises:
        SkippedError: it holds no 2D image, nor a series of them.
        ReadError: the header is damaged, of a pair of files, or the file is cut off or too large.
    """

    format = "NIFTI"
    dataset = None
    may_name_patient = False

    def __init__(self, path: Path) -> None:
        self._path = path
        with _open(path) as file:
            self._is_compressed = isinstance(file, gzip.GzipFile)
            self.header = _read_header(file)
            self._pixels = NiftiPixels.of(self.header)
            self._axes = NiftiAxes.of(self.header)
        self._check_length()

    @property
    def frames(self) -> int:
        """Number of 2D images, at least 1."""
        return self._pixels.frames

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of every frame."""
        rows, columns = self._axes.order(self._pixels.shape)
        return int(rows), int(columns)

    @property
    def identity(self) -> dict[str, str]:
        """None: NIfTI does not know of DICOM."""
        return no_identity()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was assumed; of the values only once a frame has been read."""
        scale = cast("GreyScale | None", vars(self).get("_scale"))
        found = (self._pixels.remark, *self._axes.remarks, scale.remark if scale else "")
        return tuple(remark for remark in found if remark)

    def read_picture(self, index: int) -> Picture:
        """Read one frame; of what is coloured nothing is known, as few write RGB in NIfTI."""
        return Picture(self.read(index))

    def read(self, index: int) -> GreyImage:
        """Read one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values, see `GreyImage`.

        Raises:
            ReadError: there is no such frame, the file is damaged, or a value is no number.
        """
        check_index(index, self.frames)
        window = self._scale.window
        is_large = prod(self._pixels.shape) > LARGE_IMAGE_PX
        grey = np.empty(self._pixels.shape, np.uint8 if is_large else np.float32, order="F")
        for first, values in self._read_parts(index):
            if window is not None:
                values = np.interp(values, window, (0, WHITE))
            part = values.astype(np.float32)
            end = first + part.shape[1]
            grey[:, first:end] = np.rint(part) if is_large else part
        if self.frames == 1:
            vars(self).pop("_inflated", None)  # which may be hundreds of MiB
        return self._axes.turn(grey)

    def regions(self, grey: GreyImage, *, find_field: bool = True) -> list[CalibratedRegion]:
        """Give the whole frame, with mm if the header gives them; `find_field` is not used."""
        return list(self.foresee_regions().regions)

    def foresee_regions(self) -> ForeseenRegions:
        """Give the whole frame, with mm if the header gives them: the pixels decide nothing."""
        box = (0, 0, *self.size)
        region = CalibratedRegion(box, self._axes.mm_per_pixel, RegionOrigin.WHOLE)
        return ForeseenRegions((region,))

    @cached_property
    def _scale(self) -> "GreyScale":
        if self._pixels.scale is not None:
            return self._pixels.scale
        low, high = np.inf, -np.inf
        for index in range(self.frames):
            for _, values in self._read_parts(index):
                low, high = min(low, float(values.min())), max(high, float(values.max()))
        return self._pixels.choose_scale(low, high)

    @cached_property
    def _inflated(self) -> bytes:
        """All pixels of a compressed file, and nothing after them."""
        pixels = self._pixels
        with _open(self._path) as file:
            file.seek(pixels.offset)
            content = file.read(pixels.frame_bytes * pixels.frames)
            for _ in range(_LARGEST_REST_BYTES // _PIECE_BYTES):
                if not file.read(_PIECE_BYTES):  # only at its end gzip compares the checksum
                    return content
        msg = (
            "expected the end of a compressed file after its pixels, got more than "
            f"{_LARGEST_REST_BYTES >> 20} MiB: it is damaged, or its header leaves out frames"
        )
        raise ReadError(msg)

    def _check_length(self) -> None:
        pixels = self._pixels
        expected = pixels.frame_bytes * pixels.frames
        if self._is_compressed:
            if expected > _LARGEST_INFLATED_BYTES:
                most = _LARGEST_INFLATED_BYTES
                msg = f"expected at most {most} bytes of compressed pixels, got {expected}"
                raise ReadError(msg)
        elif (available := self._path.stat().st_size - pixels.offset) < expected:
            msg = f"expected {expected} bytes of pixels, got {available}: the file is cut off"
            raise ReadError(msg)

    def _read_parts(self, index: int) -> Iterator[tuple[int, FloatArray]]:
        """Read one frame as it is stored, scaled by slope and intercept, some lines at once.

        Yields:
            The first line along the second axis, and the values (W, lines).
        """
        pixels = self._pixels
        start = index * pixels.frame_bytes
        columns, lines = pixels.shape
        line_bytes = columns * pixels.dtype.itemsize
        inflated = self._inflated if self._is_compressed else b""
        with io.BytesIO(inflated) if self._is_compressed else _open(self._path) as file:
            file.seek(start if self._is_compressed else pixels.offset + start)
            for first in range(0, lines, _LINES):
                expected = min(_LINES, lines - first) * line_bytes
                content = file.read(expected)
                if len(content) < expected:
                    got = first * line_bytes + len(content)
                    msg = f"expected {pixels.frame_bytes} bytes of a frame, got {got}: cut off"
                    raise ReadError(msg)
                values = pixels.convert(content)
                if not np.isfinite(values).all():
                    msg = "expected finite numbers as grey values, got infinite ones or NaN"
                    raise ReadError(msg)
                yield first, values


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open a file, inflated if it is compressed; what goes wrong then becomes a `ReadError`."""
    try:
        with path.open("rb") as file:
            is_compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if is_compressed else nullcontext(file) as opened:
                yield cast(BinaryIO, opened)
    except ReadError:
        raise
    except Exception as error:
        # Messages of nibabel may quote the header, so only the type of an error is shown.
        hint = ", cut off" if isinstance(error, EOFError) else ""
        msg = f"expected a sound NIfTI file, got a damaged one{hint} ({type(error).__name__})"
        raise ReadError(msg) from error


def _read_header(file: BinaryIO) -> nibabel.Nifti1Header:
    """Read the header alone: extensions may be large, and name the patient."""
    block = file.read(_NIFTI_1_BYTES)
    sizes = {int.from_bytes(block[:4], order) for order in ("little", "big")}
    kind: Any = nibabel.Nifti1Header
    if _NIFTI_2_BYTES in sizes:
        kind = nibabel.Nifti2Header
        block += file.read(_NIFTI_2_BYTES - _NIFTI_1_BYTES)
    if len(block) < kind.sizeof_hdr or not sizes & {_NIFTI_1_BYTES, _NIFTI_2_BYTES}:
        msg = f"expected the {kind.sizeof_hdr} bytes of a NIfTI header, got others or less of them"
        raise ReadError(msg)
    header: nibabel.Nifti1Header = kind(block, check=False)
    magic = bytes(header["magic"])[:3]
    if magic in _PAIR_MAGIC:
        msg = "expected header and pixels in one file, got a header of a pair: convert it to .nii"
        raise ReadError(msg)
    if magic not in _SINGLE_MAGIC:
        msg = "expected a NIfTI file, got one of its predecessor Analyze, or a damaged header"
        raise ReadError(msg)
    return header
