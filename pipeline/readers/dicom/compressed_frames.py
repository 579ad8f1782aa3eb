"""The compressed frames of a DICOM file, decoded one at a time in a process of their own."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, RLELossless

from pipeline.errors import ReadError
from pipeline.readers.codec.codec_worker import shared_codec_worker
from pipeline.readers.dicom.codestream import (
    Codestream,
    StreamKind,
    check_rle_header,
    check_tiles,
    read_codestream,
)
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.encapsulated_frames import EncapsulatedFrames
from pipeline.readers.dicom.pixel_description import PixelDescription

_JPEG_KINDS: tuple[StreamKind, ...] = ("JPEG", "JPEG lossless")
"""Taken for each other: the stream says which it is, and all decoders follow it."""
_OVERSHOOT = 1.25
"""How far cosines swing beyond the values that were encoded, as a factor of the greatest."""


class CompressedFrames:
    """Decodes the frames of a file, after comparing what their streams say with its header.

    Args:
        header: of a file with encapsulated pixel data that are no video.
        pixels: what it says about them.

    Raises:
        ReadError: the frames are not found, see `EncapsulatedFrames`.
    """

    def __init__(self, header: DicomHeader, pixels: PixelDescription) -> None:
        self._syntax = header.syntax
        self._pixels = pixels
        self._frames = EncapsulatedFrames(header, pixels.frames)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was odd and has only one meaning."""
        if self._syntax == RLELossless or self._frames.are_ended():
            return self._frames.remarks
        return (*self._frames.remarks, "streams of it lack their end of image")

    def read(self, index: int) -> tuple[NDArray[np.integer], str, int]:
        """Decode one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Stored values (H, W), or (H, W, 3), the photometric interpretation of them, and how
            many bits they have: those of the stream if they are fewer than *Bits Stored*
            (0028,0101).

        Raises:
            ReadError: the stream is not what the header says, or cannot be decoded.
        """
        stream, pixels = self._frames.read(index), self._pixels
        if self._syntax == RLELossless:
            check_rle_header(stream, pixels.samples * pixels.bits_allocated // 8)
            whole = replace(pixels, bits_stored=pixels.bits_allocated)
            words, photometric = self._call(whole, stream)
            return pixels.take_stored(words), photometric, pixels.bits_stored
        found = self._check_stream(stream)
        allocated = 8 if found.bits <= 8 else 16
        stated = replace(pixels, bits_allocated=allocated, bits_stored=found.bits)
        words, photometric = self._call(stated, stream)
        photometric = "RGB" if found.is_transformed else photometric
        values, bits = self._take_stored(words, found)
        return values, photometric, bits

    def _check_stream(self, stream: bytes) -> Codestream:
        found, pixels = read_codestream(stream), self._pixels
        kinds = _JPEG_KINDS
        if self._syntax in JPEGLSTransferSyntaxes:
            kinds = ("JPEG-LS",)
        elif self._syntax in JPEG2000TransferSyntaxes:
            kinds = ("JPEG 2000",)
        if found is None or found.kind not in kinds:
            what = "something else" if found is None else f"a {found.kind} stream"
            msg = f"expected pixel data in {self._syntax.name}, got {what}"
            raise ReadError(msg)
        size = pixels.rows, pixels.columns
        if found.size is not None and found.size != size:
            msg = f"expected a stream of {size} rows and columns, as the header, got {found.size}"
            raise ReadError(msg)
        if found.samples != pixels.samples:
            msg = (
                f"expected a stream of {pixels.samples} samples a pixel, as SamplesPerPixel "
                f"(0028,0002) says, got {found.samples}"
            )
            raise ReadError(msg)
        if found.bits > pixels.bits_allocated:
            msg = (
                f"expected a stream of at most {pixels.bits_allocated} bits, as BitsAllocated "
                f"(0028,0100) says, got {found.bits}"
            )
            raise ReadError(msg)
        if found.is_signed and not pixels.is_signed:  # the reverse is two's complement
            msg = (
                "expected a stream of values from 0 on, as PixelRepresentation (0028,0103) of 0 "
                "says, got one of signed values"
            )
            raise ReadError(msg)
        if found.kind == "JPEG 2000":
            check_tiles(stream)
        return found

    def _call(self, stated: PixelDescription, stream: bytes) -> tuple[NDArray[np.integer], str]:
        arguments = {"transfer_syntax": str(self._syntax), **stated.codec_options()}
        meta, words = shared_codec_worker().call("dicom_frame", arguments, stream)
        return words, str(meta["photometric_interpretation"])

    def _take_stored(
        self, words: NDArray[np.integer], found: Codestream
    ) -> tuple[NDArray[np.integer], int]:
        """Take the stored bits out of what was decoded; PS3.5 section 8.2 wants them to be all.

        Streams without loss may hold whole words, as those of dcmtk do. The others hold values.
        """
        pixels, allocated = self._pixels, 8 * words.dtype.itemsize
        bits, high_bit = pixels.bits_stored, pixels.high_bit
        if found.bits <= bits:
            bits, high_bit = found.bits, found.bits - 1
        elif high_bit >= found.bits:
            msg = (
                f"expected a stream of {high_bit + 1} bits, as HighBit (0028,0102) says, "
                f"got {found.bits}"
            )
            raise ReadError(msg)
        elif high_bit == bits - 1 and found.kind in ("JPEG", "JPEG 2000"):
            most = 2**bits * (_OVERSHOOT if found.kind == "JPEG" else 1)
            half = most / 2 if pixels.is_signed else 0
            if words.max() >= most - half or words.min() < -half:
                msg = (
                    f"expected values of {bits} bits, as BitsStored (0028,0101) says, got larger "
                    f"ones in a stream of {found.bits}"
                )
                raise ReadError(msg)
            return words.clip(-(2**bits) // 2 if half else 0, None), bits
        layout = replace(pixels, bits_allocated=allocated, bits_stored=bits, high_bit=high_bit)
        return layout.take_stored(words), bits
