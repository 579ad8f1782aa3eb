"""The header of a DICOM file, parsed within limits, and where its pixels are."""

import io
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, cast

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.meta_information import MetaInformation, find_meta_information
from pipeline.readers.dicom.odd_representations import find_odd_representations
from pipeline.readers.limits import (
    DEEPEST_SEQUENCE,
    DEFERRED_BYTES,
    LARGEST_HEADER_BYTES,
    LARGEST_INFLATED_BYTES,
    MOST_ELEMENTS,
    MOST_READS,
)

_PIXEL_DATA, _FLOAT_PIXEL_DATA = 0x7FE00010, (0x7FE00008, 0x7FE00009)
_PIXEL_TAGS = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_PREAMBLE_BYTES, _PREFIX = 128, b"DICM"
_WALKED_BYTES = (16 << 10, 1 << 20)
"""Of the header, in which elements of no standard are looked for: of most, and at the most."""
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
"""How Windows, Linux and macOS programs begin; PS3.10 section 7.1 warns of such preambles."""


class DicomHeader:
    """All of a DICOM file before its pixel data.

    Nothing of the file is believed: its size, the bytes and elements that are read, the depth of
    its sequences and the size of a deflated data set have limits (`pipeline.readers.limits`).
    A file without preamble, or without any file meta information, is taken if the rest is sound.

    Attributes:
        path: the file.
        dataset: the data set before *Pixel Data* (7FE0,0010); `file_meta` is set.
        syntax: *Transfer Syntax UID* (0002,0010), or what the file shows if it does not say.
        pixel_offset: position of the first byte of the pixel data in `open_pixels`, `None` if
            there are none.
        pixel_length: their bytes, `None` if they are encapsulated.
        pixel_vr: their value representation, ``OW`` where the file does not say.
        remarks: what a user should know of the file.

    Raises:
        SkippedError: the content only looks like DICOM.
        ReadError: the file is damaged, or beyond a limit.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pixel_offset: int | None = None
        self.pixel_length: int | None = None
        self.pixel_vr = "OW"
        self.remarks: tuple[str, ...] = ()
        self._inflated: bytes | None = None
        with quiet_decoders() as warned:
            try:
                with path.open("rb") as file:
                    self._parse(file)
            except ReadError:
                raise
            except RecursionError as error:
                raise _refuse_depth() from error
            except Exception as error:
                # Besides its own errors, pydicom lets out those of whatever the damage leads to.
                if self._has_pixels_behind():
                    raise _refuse_lengths() from error
                kind = type(error).__name__
                msg = f"expected a DICOM file, got a header that cannot be parsed ({kind})"
                raise ReadError(msg) from error
            _check_depth(self.dataset)
            if any("End of file reached" in str(warning.message) for warning in warned):
                raise self.explain_no_pixels("a whole DICOM file, got one that ends too early")

    def open_pixels(self) -> BinaryIO:
        """Open what `pixel_offset` counts in: the file, or the inflated data set."""
        return self.path.open("rb") if self._inflated is None else io.BytesIO(self._inflated)

    @property
    def pixel_bytes(self) -> int:
        """Bytes from `pixel_offset` to the end."""
        return self._whole_bytes - (self.pixel_offset or 0)

    @property
    def _whole_bytes(self) -> int:
        return self.path.stat().st_size if self._inflated is None else len(self._inflated)

    def explain_no_pixels(
        self, expected: str = "PixelData (7FE0,0010), got none: the file may be cut off"
    ) -> ReadError:
        """Say why the pixel data were not found: the file ends, or its header leads elsewhere."""
        return _refuse_lengths() if self._has_pixels_behind() else ReadError(f"expected {expected}")

    def _has_pixels_behind(self) -> bool:
        """Return whether there are pixel data which the elements before do not lead to."""
        if self._inflated is None:
            with self.path.open("rb") as file:
                content = file.read(_WALKED_BYTES[-1])
        else:
            content = self._inflated[: _WALKED_BYTES[-1]]
        return any(tag in content for tag in _PIXEL_TAGS)

    def _parse(self, file: BinaryIO) -> None:
        content = file.read(_WALKED_BYTES[0])
        head = content[: _PREAMBLE_BYTES + len(_PREFIX)]
        if head.startswith(_PROGRAMS) and head.endswith(_PREFIX):
            self.remarks = ("its preamble begins like a program: do not run it",)
        meta = find_meta_information(content, len(head) if head.endswith(_PREFIX) else 0)
        stop = _Stop()
        if meta.syntax == DeflatedExplicitVRLittleEndian:
            file.seek(meta.start)
            self._inflated = _inflate(file)
            source: BinaryIO = io.BytesIO(self._inflated)
            changes = self._mend(source, meta._replace(start=0))
            bounded = cast(BinaryIO, _BoundedFile(source, changes, self._whole_bytes))
            self.dataset = read_dataset(
                bounded, False, True, stop_when=stop, defer_size=DEFERRED_BYTES
            )
            self.dataset.file_meta = _read_meta(content[: meta.start])
            self.dataset.set_original_encoding(False, True, "iso8859")
        else:
            source = file
            changes = self._mend(source, meta)
            bounded = cast(BinaryIO, _BoundedFile(source, changes, self._whole_bytes))
            self.dataset = read_partial(bounded, stop, defer_size=DEFERRED_BYTES, force=True)
        self.syntax = _find_syntax(self.dataset, is_certain=head.endswith(_PREFIX))
        if stop.length is not None:
            self.pixel_offset = source.tell() + stop.head_bytes
            self.pixel_length = None if stop.length == _UNDEFINED_LENGTH else stop.length
            self.pixel_vr = stop.vr or "OW"

    def _mend(self, source: BinaryIO, meta: MetaInformation) -> dict[int, bytes]:
        """List what to read instead of what no standard has, and remark it."""
        odd: dict[int, bytes] = {}
        for size in _WALKED_BYTES if meta.is_explicit else ():
            source.seek(0)
            content = source.read(size)
            odd, is_done = find_odd_representations(
                content, meta.start, meta.byte_order, self._whole_bytes
            )
            if is_done or len(content) < size:
                break
        source.seek(0)
        if odd:
            self.remarks += ("it has value representations of no standard",)
        if meta.changes:
            self.remarks += ("its transfer syntax names the wrong order of bytes",)
        return meta.changes | odd


class _Stop:
    """Stops pydicom at the pixel data, and where there are too many elements."""

    def __init__(self) -> None:
        self.length: int | None = None
        self.vr: str | None = None
        self.head_bytes = 0
        self._count = 0

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            msg = f"expected a header of at most {MOST_ELEMENTS} elements, got more"
            raise ReadError(msg)
        if tag != _PIXEL_DATA:
            return tag in _FLOAT_PIXEL_DATA
        self.length, self.vr = length, vr
        self.head_bytes = 12 if vr in EXPLICIT_VR_LENGTH_32 else 8
        return True


class _BoundedFile:
    """A file that is read no further than its header may reach."""

    def __init__(self, file: BinaryIO, changes: Mapping[int, bytes], whole: int) -> None:
        self._changes, self._whole = changes, whole
        self._left, self._reads_left = LARGEST_HEADER_BYTES, MOST_READS
        self.seek, self.tell = file.seek, file.tell
        self._read = file.read

    def read(self, size: int = -1) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            msg = "expected a header of fewer elements in its sequences"
            raise ReadError(msg)
        if 0 <= size <= self._left:
            self._left -= size
            return self._read_changed(size) if self._changes else self._read(size)
        if size > self._whole and size != _UNDEFINED_LENGTH:
            raise _refuse_lengths()
        msg = f"expected a header of at most {LARGEST_HEADER_BYTES} bytes, got more"
        raise ReadError(msg)

    def _read_changed(self, size: int) -> bytes:
        start = self.tell()
        content = bytearray(self._read(size))
        for at in self._changes.keys() & range(start, start + len(content) - 1):
            content[at - start : at - start + 2] = self._changes[at]
        return bytes(content)


def _read_meta(content: bytes) -> FileMetaDataset:
    start = _PREAMBLE_BYTES + len(_PREFIX) if content[_PREAMBLE_BYTES:].startswith(_PREFIX) else 0
    return FileMetaDataset(read_dataset(io.BytesIO(content[start:]), False, True))


def _inflate(file: BinaryIO) -> bytes:
    deflated = file.read(LARGEST_INFLATED_BYTES + 1)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(deflated, LARGEST_INFLATED_BYTES)
    if inflater.unconsumed_tail or len(deflated) > LARGEST_INFLATED_BYTES:
        msg = f"expected a deflated data set of at most {LARGEST_INFLATED_BYTES} bytes, got more"
        raise ReadError(msg)
    if not inflater.eof:
        msg = "expected a whole deflated data set, got one that ends too early: copy it again"
        raise ReadError(msg)
    return inflated


def _find_syntax(dataset: Dataset, *, is_certain: bool) -> UID:
    """Take the transfer syntax that the file names, else the one that pydicom found to fit."""
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax:
        return UID(syntax)
    if "SOPClassUID" not in dataset and is_certain:
        msg = "expected a DICOM header, got none: the file may be cut off"
        raise ReadError(msg)
    if "SOPClassUID" not in dataset:
        if getattr(dataset, "preamble", None) is None:
            msg = "not an image: expected the content of a DICOM file"
            raise SkippedError(msg)
        msg = "expected SOPClassUID (0008,0016), got none: the file may be cut off"
        raise ReadError(msg)
    is_implicit, is_little_endian = dataset.original_encoding
    if is_implicit:
        return UID("1.2.840.10008.1.2")
    return ExplicitVRLittleEndian if is_little_endian else UID("1.2.840.10008.1.2.2")


def _check_depth(dataset: Dataset, depth: int = 0) -> None:
    """Check the sequences that are parsed already; those of defined length are when asked for."""
    for element in dataset.values():
        if isinstance(element.value, DicomSequence):
            if depth == DEEPEST_SEQUENCE:
                raise _refuse_depth()
            for item in element.value:
                _check_depth(item, depth + 1)


def _refuse_depth() -> ReadError:
    return ReadError(f"expected at most {DEEPEST_SEQUENCE} sequences in each other, got more")


def _refuse_lengths() -> ReadError:
    return ReadError(
        "expected consecutive elements up to PixelData (7FE0,0010), got a wrong length "
        "or a missing delimiter before it"
    )
