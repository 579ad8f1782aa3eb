"""Ultrasound DICOM: its frames, and the B-mode images in them."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from pipeline.errors import ReadError
from pipeline.readers.codec.codec_worker import shared_codec_worker
from pipeline.readers.codec.packed_picture import unpack_picture
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.compressed_frames import CompressedFrames
from pipeline.readers.dicom.dicom_classes import check_class
from pipeline.readers.dicom.dicom_grey import DicomGrey
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.dicom_syntaxes import Decoder, find_decoder
from pipeline.readers.dicom.encapsulated_frames import EncapsulatedFrames
from pipeline.readers.dicom.native_frames import NativeFrames
from pipeline.readers.dicom.other_organ import find_other_organ
from pipeline.readers.dicom.pixel_description import PixelDescription
from pipeline.readers.dicom.read_values import read_values
from pipeline.readers.image_source import (
    IDENTITY_KEYWORDS,
    GreyImage,
    Picture,
    check_index,
)
from pipeline.readers.region.calibrated_region import CalibratedRegion
from pipeline.readers.region.calibration import (
    find_calibrated_regions,
    foresee_regions,
    remark_scales,
)
from pipeline.readers.region.foreseen_regions import ForeseenRegions

_FRAME_LUTS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
"""(0028,9145) and (0028,9132), in PS3.3 section C.7.6.16."""


class DicomSource:
    """An opened DICOM file; its header is parsed once, its frames are decoded one at a time.

    See `NativeFrames` and `CompressedFrames` for the two ways in which they are stored.

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
        self._video_remarks: tuple[str, ...] = ()
        with quiet_decoders(), _refuse_damage("attributes of the pixels (0028,xxxx)"):
            check_class(self.header)
            if self.header.pixel_offset is None:
                raise self.header.explain_no_pixels()
            self._decoder = find_decoder(self.header.syntax)
            self._pixels = PixelDescription.read(self.header.dataset)
            _check_shape(self.header.dataset, self._pixels.photometric)
            self._greys = {self._pixels.bits_stored: self._make_grey(self._pixels.bits_stored)}
            self._stored = self._open_pixels()

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
        remarks = self.header.remarks + self._pixels.remarks + self._stored.remarks
        remarks += self._greys[self._pixels.bits_stored].remarks + self._video_remarks
        with quiet_decoders(), _refuse_damage("ultrasound regions (0018,6011)"):
            remarks += _list_ignored(self.header.dataset)
            remarks += remark_scales(self.header.dataset, *self.size)
        organ = find_other_organ(self.header.dataset)
        return (*remarks, f"another organ by its {organ}") if organ else remarks

    def foresee_regions(self) -> ForeseenRegions:
        """Foresee what `regions` will find, see `pipeline.readers.region.calibration`.

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
            find_field: look for the field of view in the pixels if the header does not give it.

        Returns:
            One or more, from the left to the right.

        Raises:
            SkippedError: the header has M-mode, spectra or waveforms only.
            ReadError: a region of the header is damaged.
        """
        # All frames of a cine have the regions of the middle one, or they would jump.
        if find_field not in self._regions:
            reference = grey if self.frames == 1 else self._read_middle()
            with quiet_decoders(), _refuse_damage("ultrasound regions (0018,6011)"):
                self._regions[find_field] = find_calibrated_regions(
                    self.header.dataset, *grey.shape, grey=reference, find_field=find_field
                )
        return self._regions[find_field]

    def read_picture(self, index: int) -> Picture:
        """Decode one frame, see `DicomGrey` for what becomes grey and how.

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values, and what of them is coloured.

        Raises:
            ReadError: there is no such frame, or its data cannot be decoded.
        """
        check_index(index, self.frames)
        try:
            if isinstance(self._stored, EncapsulatedFrames):
                return self._read_video(self._stored.fragments, index)
            with quiet_decoders():
                return self._to_picture(*self._stored.read(index))
        except ReadError:
            raise
        except Exception as error:
            # Decoders raise whatever they like. Their text may quote the header: it is left out.
            name, kind = self.header.syntax.name, type(error).__name__
            msg = f"expected pixel data in {name}, got {kind} from its decoder"
            raise ReadError(msg) from error

    def read(self, index: int) -> GreyImage:
        """Give the grey values of `read_picture` alone."""
        return self.read_picture(index).grey

    def _read_middle(self) -> GreyImage:
        """Read the middle frame, or the first one that can be read of a fixed order."""
        numbers = _spread(self.frames)
        for index in numbers[:-1]:
            with suppress(ReadError):
                return self.read(index)
        return self.read(numbers[-1])

    def _open_pixels(self) -> NativeFrames | CompressedFrames | EncapsulatedFrames:
        header = self.header
        is_encapsulated = header.pixel_length is None
        if is_encapsulated != header.syntax.is_encapsulated:
            what = ("plain", "encapsulated") if is_encapsulated else ("encapsulated", "plain")
            msg = f"expected {what[0]} pixel data as of {header.syntax.name}, got {what[1]} ones"
            raise ReadError(msg)
        if self._decoder is Decoder.VIDEO:  # all frames are one stream
            return EncapsulatedFrames(header, 1)
        return (CompressedFrames if is_encapsulated else NativeFrames)(header, self._pixels)

    def _to_picture(self, pixels: NDArray[np.integer], photometric: str, bits: int) -> Picture:
        if bits not in self._greys:
            self._greys[bits] = self._make_grey(bits)
        to_grey = self._greys[bits]
        grey = to_grey(pixels, photometric)  # first, as it refuses what is no picture
        return Picture(grey, to_grey.find_coloured(pixels, photometric))

    def _make_grey(self, bits: int) -> DicomGrey:
        return DicomGrey(
            self.header.dataset, photometric=self._pixels.photometric, bits_stored=bits
        )

    def _read_video(self, fragments: list[tuple[int, int]], index: int) -> Picture:
        arguments = {
            "path": str(self.header.path),
            "fragments": fragments,
            "index": index,
            "rows": self._pixels.rows,
            "columns": self._pixels.columns,
        }
        meta, packed = shared_codec_worker().call("video", arguments)
        across, down = meta["pixel_aspect"] or (1, 1)
        if across != down:
            self._video_remarks = (
                "the pixels of its video are not square, which was not followed",
            )
        return unpack_picture(packed)


def _check_shape(dataset: Dataset, photometric: str) -> None:
    """Refuse what some viewers show inverted, and others not."""
    wrong = {"MONOCHROME1": "IDENTITY", "MONOCHROME2": "INVERSE"}.get(photometric)
    if wrong and dataset.get("PresentationLUTShape") == wrong:
        msg = (
            f"expected Presentation LUT Shape (2050,0020) to agree with {photometric}, got "
            f"{wrong}: nobody knows which of both is black"
        )
        raise ReadError(msg)


def _list_ignored(dataset: Dataset) -> tuple[str, ...]:
    """List what changes a picture in other programs, and is not followed."""
    remarks = []
    if dataset.get("PresentationLUTShape") not in (None, "", "IDENTITY", "INVERSE"):
        remarks.append("its Presentation LUT Shape was not followed")
    if len(set(read_values(dataset, "PixelAspectRatio"))) > 1:
        remarks.append("its Pixel Aspect Ratio was not followed")
    if read_values(dataset, "PixelPresentation") in (["COLOR"], ["MIXED"]):
        remarks.append("the colours of its supplemental palette were not followed")
    groups = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    items = [item for keyword in groups for item in dataset.get(keyword) or ()]
    if any(keyword in item for item in items for keyword in _FRAME_LUTS):
        remarks.append("windows of its functional groups were not followed")
    return tuple(remarks)


def _spread(count: int) -> list[int]:
    """List all numbers below `count`, the middle first, then those of each half, and so on.

    Examples:
        >>> _spread(5)
        [2, 1, 4, 0, 3]
    """
    numbers, parts = [], deque([(0, count)])
    while parts:
        first, end = parts.popleft()
        if first < end:
            middle = (first + end) // 2
            numbers.append(middle)
            parts += [(first, middle), (middle + 1, end)]
    return numbers


def _get_text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "")
    except Exception:  # pydicom raises whatever a damaged value leads to
        return ""


@contextmanager
def _refuse_damage(what: str) -> Iterator[None]:
    try:
        yield
    except ReadError:
        raise
    except Exception as error:  # pydicom raises whatever a damaged value leads to
        kind = type(error).__name__
        msg = f"expected sound {what}, got {kind} when reading them"
        raise ReadError(msg) from error
