"""Ultrasound DICOM through pydicom."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast
from warnings import WarningMessage

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame, parse_basic_offsets, parse_fragments
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_expected_length, pixel_array
from pydicom.uid import UID

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.codestream import read_codestream_size
from pipeline.readers.dicom_grey import dicom_to_grey
from pipeline.readers.image_source import GreyImage, check_size
from pipeline.readers.quiet import quiet_decoders
from pipeline.readers.ultrasound_region import Box, find_region

ULTRASOUND_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.6.1": "Ultrasound Image Storage",
    "1.2.840.10008.5.1.4.1.1.3.1": "Ultrasound Multi-frame Image Storage",
    "1.2.840.10008.5.1.4.1.1.6": "Ultrasound Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.3": "Ultrasound Multi-frame Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture Image Storage",
}
"""SOP classes (PS3.4 section B.5) in which breast ultrasound is stored as 2D images."""

_TRUNCATED = "End of file reached"
"""How pydicom's warning begins when it silently drops the rest of an encapsulated file."""

_DEFERRED_BYTES = 1 << 16
"""Elements longer than this stay in the file: of a cine, one frame at a time is in memory."""

_PIXEL_DATA = 0x7FE00010


class DicomSource:
    """An opened DICOM file; its header is parsed once, its frames are decoded one at a time.

    Args:
        path: the file.

    Raises:
        SkippedError: the object is no ultrasound or secondary capture image.
        ReadError: the file is damaged or cut off, or misses an attribute that its pixels need.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with quiet_decoders() as remarks:
            try:
                self._dataset = pydicom.dcmread(path, defer_size=_DEFERRED_BYTES)
                _check_class(self._dataset, remarks)
            except ReadError:
                raise
            except Exception as error:
                # Besides its own errors, pydicom lets out those of whatever the damage leads to.
                kind = type(error).__name__
                msg = f"expected a DICOM file, got a header that cannot be parsed ({kind})"
                raise ReadError(msg) from error
            self._read_header()

    @property
    def frames(self) -> int:
        """*Number of Frames* (0028,0008), 1 if absent; the SOP class does not count."""
        return self._frames

    def region(self, rows: int, columns: int) -> Box | None:
        """Box around the 2D tissue regions, `None` if there is none to rely on.

        Raises:
            ReadError: a region misses a corner.
        """
        try:
            with quiet_decoders():
                return find_region(self._dataset, rows, columns)
        except Exception as error:
            msg = "expected four whole numbers as corners of an ultrasound region (0018,6011)"
            raise ReadError(msg) from error

    def read(self, index: int) -> GreyImage:
        """Decode one frame.

        MONOCHROME1 is inverted, PALETTE COLOR goes through its lookup table, YBR and RGB become
        luma, and *Bits Stored* (0028,0101) is scaled to 8 bits (PS3.3 section C.7.6.3.1.2).

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values (H, W), float32, 0 to 255.

        Raises:
            ReadError: there is no such frame, or its data cannot be decoded.
        """
        if not 0 <= index < self._frames:
            msg = f"expected a frame from 1 to {self._frames}, got {index + 1}"
            raise ReadError(msg)
        try:
            with quiet_decoders():
                if self._is_encapsulated:
                    self._check_codestream(index)
                source = self._dataset if self._is_in_memory else self._path
                pixels = pixel_array(source, index=index)
                return dicom_to_grey(pixels, self._dataset)
        except ReadError:
            raise
        except Exception as error:
            # Codecs raise whatever they like. Their text may quote the header, so it is left out.
            msg = (
                f"expected pixel data in {_name(self._syntax)}, "
                f"got {type(error).__name__} from its decoder"
            )
            raise ReadError(msg) from error

    def _read_header(self) -> None:
        dataset = self._dataset
        try:
            frames = dataset.get("NumberOfFrames")
            self._frames = 1 if frames is None else int(frames)
            self._size = int(dataset.Rows), int(dataset.Columns)
            self._syntax = UID(dataset.file_meta.TransferSyntaxUID)
            self._is_encapsulated = self._syntax.is_encapsulated
            # Only a deflated file, which is in memory as a whole, has no place to read from.
            self._is_in_memory = self._syntax.is_deflated
            expected = 0 if self._is_encapsulated else get_expected_length(dataset)
        except Exception as error:
            msg = (
                "expected a known TransferSyntaxUID (0002,0010) and all attributes of the pixels "
                f"(0028,xxxx), got {type(error).__name__}"
            )
            raise ReadError(msg) from error
        if not _is_decodable(self._syntax):
            msg = f"expected pixel data of an encoding that is read, got {_name(self._syntax)}"
            raise ReadError(msg)
        check_size(*self._size)
        if self._frames < 1:
            msg = f"expected NumberOfFrames (0028,0008) of at least 1, got {self._frames}"
            raise ReadError(msg)
        element = cast(RawDataElement, dataset.get_item(_PIXEL_DATA, keep_deferred=True))
        self._offset = element.value_tell
        if self._is_encapsulated:
            self._check_fragments()
        elif not self._is_in_memory:
            self._check_length(max(expected, element.length))

    def _check_length(self, expected: int) -> None:
        available = self._path.stat().st_size - self._offset
        if available < expected:
            msg = (
                f"expected {expected} bytes of PixelData (7FE0,0010) for {self._frames} frames of "
                f"{self._size[0]} x {self._size[1]} px, got {available}: the file is cut off"
            )
            raise ReadError(msg)

    def _check_fragments(self) -> None:
        """Check that there is a fragment for each frame, so that no one counts to a billion."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            try:
                parse_basic_offsets(file)
                fragments, _ = parse_fragments(file)
            except Exception as error:
                msg = f"expected items of compressed frames, got {type(error).__name__}"
                raise ReadError(msg) from error
        if fragments < self._frames:
            msg = f"expected {self._frames} compressed frames, got {fragments} fragments"
            raise ReadError(msg)

    def _check_codestream(self, index: int) -> None:
        """Check that a compressed frame is of the size that the header tells."""
        table = self._dataset.get("ExtendedOffsetTable")
        lengths = self._dataset.get("ExtendedOffsetTableLengths")
        with self._path.open("rb") as file:
            file.seek(self._offset)
            stream = get_frame(
                file,
                index,
                extended_offsets=None if table is None or lengths is None else (table, lengths),
                number_of_frames=self._frames,
            )
        size = read_codestream_size(stream)
        if size is not None and size != self._size:
            msg = f"expected a stream of {self._size} rows and columns, as the header, got {size}"
            raise ReadError(msg)


def _check_class(dataset: pydicom.Dataset, remarks: Sequence[WarningMessage]) -> None:
    """Check SOPClassUID (0008,0016), and its copy (0002,0002) in case the file ends within it."""
    if any(_TRUNCATED in str(remark.message) for remark in remarks):
        msg = "expected a whole DICOM file, got one that ends too early: copy it again"
        raise ReadError(msg)
    uids = [dataset.get("SOPClassUID"), dataset.file_meta.get("MediaStorageSOPClassUID")]
    if not any(uid in ULTRASOUND_CLASSES for uid in uids if isinstance(uid, str)):
        names = [uid.name for uid in uids if isinstance(uid, UID) and uid.name != uid]
        is_private = uids[0] == uids[1] and uids[0] is not None
        if not names and not is_private:
            msg = "expected one SOPClassUID (0008,0016), got none or a damaged one"
            raise ReadError(msg)
        msg = f"not an ultrasound image: {names[0] if names else 'a class of no standard'}"
        raise SkippedError(msg)
    if "PixelData" not in dataset:
        msg = "expected PixelData (7FE0,0010), got none: the file may be cut off"
        raise ReadError(msg)


def _is_decodable(syntax: UID) -> bool:
    try:
        return get_decoder(syntax).is_available
    except NotImplementedError:
        return False


def _name(uid: UID) -> str:
    """Name a UID of the standard; another one is text that anybody may have written."""
    return uid.name if uid.name != uid else "an unknown transfer syntax"
