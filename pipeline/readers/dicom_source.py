"""Ultrasound DICOM: its frames, and the B-mode images in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import unpack_bits
from pydicom.uid import UID, RLELossless

from pipeline.errors import ReadError
from pipeline.readers.calibrated_region import CalibratedRegion
from pipeline.readers.calibration import (
    find_calibrated_regions,
    foresee_regions,
    remark_scales,
)
from pipeline.readers.codec_worker import shared_codec_worker
from pipeline.readers.codestream import check_rle_header, read_codestream_size
from pipeline.readers.dicom_classes import check_class
from pipeline.readers.dicom_grey import DicomGrey
from pipeline.readers.dicom_header import DicomHeader
from pipeline.readers.dicom_syntaxes import Decoder, find_decoder
from pipeline.readers.encapsulated_frames import EncapsulatedFrames
from pipeline.readers.foreseen_regions import ForeseenRegions
from pipeline.readers.image_source import IDENTITY_KEYWORDS, GreyImage, check_index
from pipeline.readers.other_organ import find_other_organ
from pipeline.readers.pixel_description import PixelDescription
from pipeline.readers.quiet import quiet_decoders


class DicomSource:
    """An opened DICOM file; its header is parsed once, its frames are decoded one at a time.

    Uncompressed pixels are read here, compressed ones decoded in a process of their own
    (`CodecWorker`), after the size in their stream was compared with the header's.

    Args:
        path: the file.

    Raises:
        SkippedError: the object is no ultrasound or secondary capture image.
        ReadError: the file is damaged or cut off, beyond a limit, in a transfer syntax that is
            not read, or misses an attribute that its pixels need.
    """

    format = "DICOM"
    may_name_patient = True

    def __init__(self, path: Path) -> None:
        self.header = DicomHeader(path)
        self._regions: dict[bool, list[CalibratedRegion]] = {}
        with quiet_decoders(), _refuse_damage("attributes of the pixels (0028,xxxx)"):
            check_class(self.header)
            if self.header.pixel_offset is None:
                msg = "expected PixelData (7FE0,0010), got none: the file may be cut off"
                raise ReadError(msg)
            self._decoder = find_decoder(self.header.syntax)
            self._pixels = PixelDescription.read(self.header.dataset)
            self._grey = DicomGrey(self.header.dataset)
            self._encapsulated = self._check_pixels()

    @property
    def frames(self) -> int:
        """*Number of Frames* (0028,0008), 1 if absent; the SOP class does not count."""
        return self._pixels.frames

    @property
    def size(self) -> tuple[int, int]:
        """*Rows* (0028,0010) and *Columns* (0028,0011)."""
        return self._pixels.rows, self._pixels.columns

    @property
    def dataset(self) -> Dataset:
        """The header, all before *Pixel Data* (7FE0,0010)."""
        return self.header.dataset

    @property
    def identity(self) -> dict[str, str]:
        """UIDs and *Burned In Annotation* (0028,0301); what is not valid is left empty."""
        values = {}
        with quiet_decoders():
            for keyword in IDENTITY_KEYWORDS:
                text = _get_text(self.header.dataset, keyword)
                is_valid = UID(text).is_valid if keyword.endswith("UID") else text in ("YES", "NO")
                values[keyword] = text if is_valid else ""
        return values

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd in the file, as a preamble that is a program."""
        remarks = self.header.remarks + self._grey.remarks
        with quiet_decoders(), _refuse_damage("ultrasound regions (0018,6011)"):
            remarks += remark_scales(self.header.dataset, *self.size)
        organ = find_other_organ(self.header.dataset)
        return (*remarks, f"another organ by its {organ}") if organ else remarks

    def foresee_regions(self) -> ForeseenRegions:
        """Tell what `regions` is going to find, see `pipeline.readers.calibration`.

        Raises:
            SkippedError: as `regions`.
            ReadError: as `regions`.
        """
        with quiet_decoders(), _refuse_damage("ultrasound regions (0018,6011)"):
            return foresee_regions(self.header.dataset, *self.size)

    def regions(self, grey: GreyImage, *, find_field: bool = True) -> list[CalibratedRegion]:
        """Find the B-mode images of a frame, see `find_calibrated_regions`.

        Args:
            grey: the frame.
            find_field: look for the field of view in the pixels if the header does not tell.

        Returns:
            One or more, from the left to the right.

        Raises:
            SkippedError: the header tells of M-mode, spectra or waveforms only.
            ReadError: a region of the header is damaged.
        """
        # All frames of a cine have the regions of the one in its midst, or they would jump.
        if find_field not in self._regions:
            reference = grey if self.frames == 1 else self.read(self.frames // 2)
            with quiet_decoders(), _refuse_damage("ultrasound regions (0018,6011)"):
                self._regions[find_field] = find_calibrated_regions(
                    self.header.dataset, *grey.shape, grey=reference, find_field=find_field
                )
        return self._regions[find_field]

    def read(self, index: int) -> GreyImage:
        """Decode one frame, see `DicomGrey` for what becomes grey and how.

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values (H, W), float32, 0 to 255.

        Raises:
            ReadError: there is no such frame, or its data cannot be decoded.
        """
        check_index(index, self.frames)
        try:
            if self._decoder is Decoder.VIDEO:
                return self._read_video(index)
            with quiet_decoders():
                if self._encapsulated is None:
                    pixels, photometric = self._read_native(index)
                else:
                    pixels, photometric = self._decode(self._encapsulated.read(index))
                return self._grey(pixels, photometric)
        except ReadError:
            raise
        except Exception as error:
            # Decoders raise whatever they like. Their text may quote the header: it is left out.
            name, kind = self.header.syntax.name, type(error).__name__
            msg = f"expected pixel data in {name}, got {kind} from its decoder"
            raise ReadError(msg) from error

    def _check_pixels(self) -> EncapsulatedFrames | None:
        header = self.header
        is_encapsulated = header.pixel_length is None
        if is_encapsulated != header.syntax.is_encapsulated:
            what = ("plain", "encapsulated") if is_encapsulated else ("encapsulated", "plain")
            msg = f"expected {what[0]} pixel data as of {header.syntax.name}, got {what[1]} ones"
            raise ReadError(msg)
        if self._decoder is Decoder.VIDEO:  # all frames are one stream
            return EncapsulatedFrames(header, 1)
        if is_encapsulated:
            return EncapsulatedFrames(header, self.frames)
        expected = max(self._pixels.decoded_bytes, header.pixel_length or 0)
        available = header.pixel_bytes
        if self._pixels.decoded_bytes > (header.pixel_length or 0) or available < expected:
            msg = (
                f"expected {expected} bytes of PixelData (7FE0,0010) for "
                f"{self.frames} frames of {self._pixels.rows} x {self._pixels.columns} px, "
                f"got {available}: the file is cut off"
            )
            raise ReadError(msg)
        return None

    def _read_native(self, index: int) -> tuple[NDArray[np.integer], str]:
        """Read the bytes of one frame, and let pydicom arrange them."""
        pixels = self._pixels
        is_packed = pixels.bits_allocated == 1
        bits = pixels.rows * pixels.columns
        if not is_packed:
            bits = pixels.decoded_bytes // pixels.frames * 8
        first, end = index * bits // 8, -(-(index + 1) * bits // 8)
        content = self._read_bytes(first, end)
        if is_packed:
            start = index * bits - first * 8
            unpacked = np.asarray(unpack_bits(content, as_array=True))[start : start + bits]
            return unpacked.reshape(pixels.rows, pixels.columns), pixels.photometric
        options: dict[str, Any] = {
            "number_of_frames": 1,
            "pixel_keyword": "PixelData",
            "pixel_vr": "OB" if pixels.bits_allocated == 8 else "OW",
            **pixels.codec_options(),
        }
        content += b"\0" * (len(content) % 2)
        decoder = get_decoder(self.header.syntax)
        array, meta = decoder.as_array(content, index=0, raw=True, **options)
        return array, str(meta["photometric_interpretation"])

    def _read_bytes(self, first: int, end: int) -> bytes:
        """Read a part of native pixel data; bytes in words of big endian change places."""
        is_swapped = (
            self.header.pixel_vr == "OW"
            and not self.header.syntax.is_little_endian
            and self._pixels.bits_allocated <= 8
        )
        start = first - first % 2 if is_swapped else first
        with self.header.open_pixels() as file:
            file.seek((self.header.pixel_offset or 0) + start)
            content = file.read(end + end % 2 - start if is_swapped else end - start)
        if is_swapped:
            content = np.frombuffer(content, np.uint16).byteswap().tobytes()
        return content[first - start : end - start]

    def _decode(self, stream: bytes) -> tuple[NDArray[np.integer], str]:
        if self.header.syntax == RLELossless:
            check_rle_header(stream, self._pixels.samples * self._pixels.bits_allocated // 8)
        size = read_codestream_size(stream)
        if size is not None and size != self.size:
            msg = f"expected a stream of {self.size} rows and columns, as the header, got {size}"
            raise ReadError(msg)
        arguments = {
            "transfer_syntax": str(self.header.syntax),
            **self._pixels.codec_options(),
        }
        meta, pixels = shared_codec_worker().call("dicom_frame", arguments, stream)
        return pixels, str(meta["photometric_interpretation"])

    def _read_video(self, index: int) -> GreyImage:
        arguments = {
            "path": str(self.header.path),
            "fragments": self._encapsulated.fragments if self._encapsulated else [],
            "index": index,
            "rows": self._pixels.rows,
            "columns": self._pixels.columns,
        }
        _, luma = shared_codec_worker().call("video", arguments)
        return np.asarray(luma, np.float32)


def _get_text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "")
    except Exception:  # pydicom lets out whatever a damaged value leads to
        return ""


@contextmanager
def _refuse_damage(what: str) -> Iterator[None]:
    try:
        yield
    except ReadError:
        raise
    except Exception as error:  # pydicom lets out whatever a damaged value leads to
        kind = type(error).__name__
        msg = f"expected sound {what}, got {kind} when reading them"
        raise ReadError(msg) from error
