"""The uncompressed frames of a DICOM file, read one at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import unpack_bits
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.pixel_description import PixelDescription

_SUBSAMPLED = "YBR_FULL_422"
_PHOTOMETRIC = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", _SUBSAMPLED)
"""What uncompressed pixels may be (PS3.5 section 8.2)."""
_BYTES_A_PIXEL = (1.5, 2, 3, 4, 6, 8)
"""How other layouts than the stated one differ: a frame of them looks like several."""
_NEARLY_GREY = 2
"""Difference of samples up to which a colour is grey but for rounding."""
_GREY_SHARE = 0.5
"""Share of the pixels that are grey in any picture of ultrasound, by the right reading only."""


class NativeFrames:
    """Finds out how uncompressed pixels lie in the file, and reads those of one frame.

    The length of the pixel data has to be what follows from the header (PS3.3 section C.7.6.3,
    PS3.5 section 8.1.1), but for padding, frames after the last one, and YBR_FULL_422 that was
    decompressed to three samples a pixel and kept its name.

    Args:
        header: of a file with pixel data that are not encapsulated.
        pixels: what it says about them.

    Attributes:
        remarks: what was odd and has only one meaning.

    Raises:
        ReadError: there are more or fewer bytes than the header says, the file is cut off, or
            the layout is not known.
    """

    def __init__(self, header: DicomHeader, pixels: PixelDescription) -> None:
        self._header = header
        self._pixels = pixels
        self.remarks: tuple[str, ...] = ()
        self._is_big_endian = header.syntax == ExplicitVRBigEndian
        if pixels.photometric not in _PHOTOMETRIC:
            msg = f"expected no {pixels.photometric} (0028,0004) in uncompressed pixels, got it"
            raise ReadError(msg)
        self._check_length()
        if self._pixels.photometric == _SUBSAMPLED:
            self._check_subsampled()

    def read(self, index: int) -> tuple[NDArray[np.integer], str, int]:
        """Read the bytes of one frame, and let pydicom arrange them.

        Args:
            index: number of the frame from 0.

        Returns:
            Stored values (H, W), or (H, W, 3), the photometric interpretation of them, and how
            many bits they have.
        """
        pixels, bits = self._pixels, self._pixels.frame_bits
        first, end = index * bits // 8, -(-(index + 1) * bits // 8)
        content = self._read_bytes(first, end)
        if pixels.bits_allocated == 1:
            start = index * bits - first * 8
            unpacked = np.asarray(unpack_bits(content, as_array=True))[start : start + bits]
            return unpacked.reshape(pixels.rows, pixels.columns), pixels.photometric, 1
        options: dict[str, Any] = {
            "number_of_frames": 1,
            "pixel_keyword": "PixelData",
            "pixel_vr": "OB" if pixels.bits_allocated == 8 else "OW",
            **pixels.codec_options(),
            "bits_stored": pixels.bits_allocated,
            "view_only": pixels.photometric != _SUBSAMPLED,
        }
        content += b"\0" * (len(content) % 2)
        syntax = ExplicitVRBigEndian if self._is_big_endian else ExplicitVRLittleEndian
        array, meta = get_decoder(syntax).as_array(content, index=0, raw=True, **options)
        photometric = str(meta["photometric_interpretation"])
        return pixels.take_stored(array), photometric, pixels.bits_stored

    def _read_bytes(self, first: int, end: int) -> bytes:
        """Read a part of the pixel data; bytes in words of big endian change places."""
        is_swapped = (
            self._header.pixel_vr == "OW"
            and self._is_big_endian
            and self._pixels.bits_allocated <= 8
        )
        start = first - first % 2 if is_swapped else first
        with self._header.open_pixels() as file:
            file.seek((self._header.pixel_offset or 0) + start)
            content = file.read(end + end % 2 - start if is_swapped else end - start)
        if is_swapped:
            content = np.frombuffer(content, np.uint16).byteswap().tobytes()
        return content[first - start : end - start]

    def _check_length(self) -> None:
        """Compare the length; whatever is not understood would be another picture."""
        length, available = self._header.pixel_length or 0, self._header.pixel_bytes
        pixels = self._pixels
        if pixels.photometric == _SUBSAMPLED:
            full = replace(pixels, photometric="YBR_FULL")
            if full.decoded_bytes <= length <= full.decoded_bytes + 1 and length <= available:
                self._take_full(full)
                return
        expected = pixels.decoded_bytes
        beyond = length - expected
        is_whole = 0 <= beyond <= 1 or self._is_padding(beyond) or self._is_frames(length)
        if length <= available and is_whole:
            if beyond > 1:
                what = "padding" if self._is_padding(beyond) else "further frames"
                self.remarks += (f"its pixel data have {what} after what its header counts",)
            return
        msg = (
            f"expected {expected} bytes of PixelData (7FE0,0010) for {pixels.frames} frames of "
            f"{pixels.rows} x {pixels.columns} px"
        )
        if length > available:
            msg = f"{msg}, {length} as its length says, got {available}: the file is cut off"
        else:
            msg = f"{msg} in {pixels.photometric}, as its header says, got {length}"
        raise ReadError(msg)

    def _is_padding(self, beyond: int) -> bool:
        """Less than a byte a row and a frame cannot be that of each row or of each frame."""
        pixels = self._pixels
        is_packed = pixels.bits_allocated == 1
        most = pixels.rows if pixels.frames == 1 else min(pixels.rows, pixels.frames - 1)
        return 0 < beyond < most and not is_packed

    def _is_frames(self, length: int) -> bool:
        """Return whether frames follow that the header does not count, and not larger pixels."""
        pixels = self._pixels
        if pixels.frame_bits % 16 or pixels.bits_allocated == 1 or length < pixels.decoded_bytes:
            return False
        frames, rest = divmod(length, pixels.frame_bits // 8)
        a_pixel = pixels.frame_bits / 8 / pixels.rows / pixels.columns
        return not rest and frames / pixels.frames * a_pixel not in _BYTES_A_PIXEL

    def _check_subsampled(self) -> None:
        if self._pixels.columns % 2:
            columns = self._pixels.columns
            msg = f"expected an even number of Columns (0028,0011) in YBR_FULL_422, got {columns}"
            raise ReadError(msg)
        if self._pixels.planar_configuration:
            msg = "expected PlanarConfiguration (0028,0006) of 0 in YBR_FULL_422, got 1"
            raise ReadError(msg)

    def _take_full(self, full: PixelDescription) -> None:
        """Decide between YBR and RGB, which such files hold too, by the grey of the middle frame.

        A grey pixel has three equal samples in RGB, and a Cb and Cr of 128 in YBR.
        """
        self._pixels = full
        samples, _, _ = self.read(full.frames // 2)
        values = samples.astype(np.int32)
        is_rgb = (np.ptp(values, axis=-1) <= _NEARLY_GREY).mean()
        is_ybr = (np.abs(values[..., 1:] - 128).max(axis=-1) <= _NEARLY_GREY).mean()
        if full.bits_allocated != 8 or (is_rgb < _GREY_SHARE) == (is_ybr < _GREY_SHARE):
            msg = (
                "expected YBR_FULL_422 of two bytes a pixel, got three, and nothing says whether "
                "they are RGB or YBR"
            )
            raise ReadError(msg)
        self._pixels = full if is_ybr >= _GREY_SHARE else replace(full, photometric="RGB")
        kind = "YBR" if is_ybr >= _GREY_SHARE else "RGB"
        self.remarks += (f"its YBR_FULL_422 has three samples a pixel, of {kind}, and is read so",)
