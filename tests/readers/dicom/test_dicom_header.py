"""Where the pixels of a DICOM file are, and what its header may ask for.

Image: the orientation phantom, 24 x 40; its bytes occur once in a file, which tells the offset.
"""

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from orientation_phantom import make_orientation_phantom
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
)

from pipeline.errors import ReadError, SkippedError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom import dicom_header
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.limits import LARGEST_INFLATED_BYTES

IMAGE, _ = make_orientation_phantom(24, 40)
PIXELS = IMAGE.tobytes()
PLAIN = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
ITEM, ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
REGIONS = b"\x18\x00\x11\x60SQ\0\0"
UNDEFINED = b"\xff" * 4


def write(path: Path, syntax: UID = ExplicitVRLittleEndian, **attributes: object) -> bytes:
    """Write the phantom; give its bytes."""
    dataset = make_phantom_dataset(IMAGE)
    dataset.PatientName = "SECRET^PATIENT"
    dataset.file_meta.TransferSyntaxUID = syntax
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path.read_bytes()


def find_meta_end(content: bytes) -> int:
    """Position of the data set, as *File Meta Information Group Length* (0002,0000) tells it."""
    return 144 + int.from_bytes(content[140:144], "little")


def try_to_parse(path: Path) -> tuple[DicomHeader | None, str]:
    """Give the header, or what is wrong with it."""
    try:
        return DicomHeader(path), ""
    except ReadError as error:
        return None, str(error)


def read_pixels(header: DicomHeader) -> bytes:
    with header.open_pixels() as file:
        file.seek(header.pixel_offset)
        return file.read(header.pixel_length)


def insert(content: bytes, element: bytes) -> bytes:
    """Put an element at the front of an explicit little endian data set."""
    end = find_meta_end(content)
    return content[:end] + element + content[end:]


def deflate(dataset: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(dataset) + deflater.flush()


def write_deflated(path: Path, dataset: bytes) -> None:
    """Write a deflated file of any content."""
    write(path, DeflatedExplicitVRLittleEndian)
    content = path.read_bytes()
    path.write_bytes(content[: find_meta_end(content)] + deflate(dataset))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "image.dcm"


@pytest.mark.parametrize("syntax", PLAIN)
def test_pixels_are_where_their_bytes_are(path: Path, syntax: UID) -> None:
    content = write(path, syntax)
    header = DicomHeader(path)
    assert header.syntax == syntax
    assert (header.pixel_offset, header.pixel_length) == (content.index(PIXELS), len(PIXELS))
    assert header.pixel_bytes == len(PIXELS)
    assert header.pixel_vr == ("OW" if syntax == ImplicitVRLittleEndian else "OB")


def test_pixels_of_a_deflated_file_are_within_the_inflated_data_set(path: Path) -> None:
    write(path, DeflatedExplicitVRLittleEndian)
    header = DicomHeader(path)
    assert header.syntax == DeflatedExplicitVRLittleEndian
    assert header.dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    assert header.dataset.Rows == 24
    assert read_pixels(header) == PIXELS
    assert header.pixel_bytes == len(PIXELS)


@pytest.mark.parametrize("syntax", PLAIN)
def test_file_without_preamble(path: Path, syntax: UID) -> None:
    path.write_bytes(write(path, syntax)[132:])
    header = DicomHeader(path)
    assert header.syntax == syntax
    assert read_pixels(header) == PIXELS


@pytest.mark.parametrize("syntax", PLAIN)
def test_file_without_meta_information(path: Path, syntax: UID) -> None:
    content = write(path, syntax)
    path.write_bytes(content[find_meta_end(content) :])
    header = DicomHeader(path)
    assert header.syntax == syntax
    assert header.dataset.Columns == 40
    assert read_pixels(header) == PIXELS


def test_meta_information_of_a_wrong_length(path: Path) -> None:
    content = bytearray(write(path))
    content[140] += 6
    path.write_bytes(content)
    assert read_pixels(DicomHeader(path)) == PIXELS


@pytest.mark.parametrize("length", [0, 2**31 - 1, 2**32 - 1])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_length_of_meta_information_does_not_count(path: Path, syntax: UID, length: int) -> None:
    content = bytearray(write(path, syntax))
    content[140:144] = length.to_bytes(4, "little")
    path.write_bytes(content)
    assert read_pixels(DicomHeader(path)) == PIXELS


def test_encapsulated_pixels_have_no_length(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.compress(JPEGLSLossless)
    dataset.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    header = DicomHeader(path)
    assert header.pixel_length is None
    assert header.pixel_offset == content.index(b"\xe0\x7f\x10\x00OB\0\0" + UNDEFINED) + 12


def test_elements_behind_the_pixels_are_not_read(path: Path) -> None:
    content = write(path, DataSetTrailingPadding=bytes(100))
    header = DicomHeader(path)
    assert header.pixel_offset == content.index(PIXELS)
    assert header.pixel_length == len(PIXELS)
    assert "DataSetTrailingPadding" not in header.dataset


def test_pixels_of_an_icon_are_not_those_of_the_image(path: Path) -> None:
    icon = make_phantom_dataset(IMAGE[:8, :8])
    item = Dataset()
    for keyword in ("Rows", "Columns", "PixelData"):
        item[keyword] = icon[keyword]
    content = write(path, IconImageSequence=[item])
    assert DicomHeader(path).pixel_offset == content.index(PIXELS)


def test_file_without_pixels(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    del dataset.PixelData
    dataset.save_as(path, enforce_file_format=True)
    header = DicomHeader(path)
    assert (header.pixel_offset, header.pixel_length) == (None, None)
    assert header.dataset.Rows == 24


def test_floating_point_pixels_are_none(path: Path) -> None:
    content = write(path)
    pixels = content.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(content[:pixels] + b"\xe0\x7f\x08\x00OF\0\0" + content[pixels + 8 :])
    assert DicomHeader(path).pixel_offset is None


@pytest.mark.parametrize("syntax", [*PLAIN, DeflatedExplicitVRLittleEndian])
def test_file_that_ends_anywhere_is_refused_or_lacks_pixels(path: Path, syntax: UID) -> None:
    content = write(path, syntax)
    whole = len(content) if syntax.is_deflated else content.index(PIXELS)
    for size in [*range(132, whole - 13, 7), whole - 13]:
        path.write_bytes(content[:size])
        header, message = try_to_parse(path)
        assert header is None or header.pixel_offset is None
        assert "SECRET" not in message


@pytest.mark.parametrize("size", [-1, -100])
def test_deflated_file_that_is_cut_off(path: Path, size: int) -> None:
    dataset = write(path)
    write_deflated(path, dataset[find_meta_end(dataset) :])
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ReadError, match="ends too early: copy it again"):
        DicomHeader(path)


def test_deflated_file_with_padding(path: Path) -> None:
    write(path, DeflatedExplicitVRLittleEndian)
    path.write_bytes(path.read_bytes() + b"\0")
    assert read_pixels(DicomHeader(path)) == PIXELS


def test_deflated_garbage(path: Path) -> None:
    content = write(path, DeflatedExplicitVRLittleEndian)
    path.write_bytes(content[: find_meta_end(content)] + b"\xff" * 200)
    with pytest.raises(ReadError, match="cannot be parsed"):
        DicomHeader(path)


def test_deflated_file_beyond_the_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "LARGEST_INFLATED_BYTES", 5000)
    write_deflated(path, bytes(5001))
    with pytest.raises(ReadError, match="deflated data set of at most 5000 bytes"):
        DicomHeader(path)


def test_memory_that_a_deflated_bomb_takes_is_bounded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_header, "LARGEST_INFLATED_BYTES", 1 << 20)
    write_deflated(path, bytes(64 << 20))
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match="deflated data set"):
            DicomHeader(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
    assert LARGEST_INFLATED_BYTES <= 256 << 20


def test_header_beyond_the_limit_of_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "LARGEST_HEADER_BYTES", 20_000)
    write(path, ImageComments="x" * 500)
    DicomHeader(path)
    write(path, ImageComments=" " * 10_000, PatientComments="x" * 10_000)
    with pytest.raises(ReadError, match="expected a header of at most 20000 bytes"):
        DicomHeader(path)


def test_long_value_is_passed_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "LARGEST_HEADER_BYTES", 20_000)
    monkeypatch.setattr(dicom_header, "DEFERRED_BYTES", 1_000)
    content = write(path, ImageComments="x" * 10_000, PatientComments="x" * 10_000)
    assert DicomHeader(path).pixel_offset == content.index(PIXELS)


def test_more_elements_than_the_limit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "MOST_ELEMENTS", 100)
    content = write(path)
    path.write_bytes(insert(content, b"\x08\x00\x08\x00CS\0\0" * 101))
    with pytest.raises(ReadError, match="header of at most 100 elements"):
        DicomHeader(path)


def test_a_header_has_no_tens_of_thousands_of_elements(path: Path) -> None:
    """Real ones have some hundreds; each costs time and memory."""
    path.write_bytes(insert(write(path), b"\x08\x00\x08\x00CS\0\0" * 60_000))
    with pytest.raises(ReadError, match="header of at most 50000 elements"):
        DicomHeader(path)


def nest(depth: int) -> bytes:
    """Make sequences of undefined length in each other."""
    return (REGIONS + UNDEFINED + ITEM + UNDEFINED) * depth + (ITEM_END + SEQUENCE_END) * depth


def nest_defined(depth: int) -> bytes:
    element = b""
    for _ in range(depth):
        item = ITEM + struct.pack("<L", len(element)) + element
        element = REGIONS + struct.pack("<L", len(item)) + item
    return element


@pytest.mark.parametrize("depth", [17, 5000])
def test_sequences_too_deep(path: Path, depth: int) -> None:
    path.write_bytes(insert(write(path), nest(depth)))
    with pytest.raises(ReadError, match="at most 16 sequences in each other"):
        DicomHeader(path)


def test_sequences_as_deep_as_allowed(path: Path) -> None:
    path.write_bytes(insert(write(path), nest(16)))
    assert read_pixels(DicomHeader(path)) == PIXELS


def test_sequences_of_defined_length_are_not_entered(path: Path) -> None:
    path.write_bytes(insert(write(path), nest_defined(5000)))
    header = DicomHeader(path)
    assert read_pixels(header) == PIXELS
    assert len(header.dataset.SequenceOfUltrasoundRegions) == 1


def test_more_items_than_can_be_parsed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_header, "MOST_READS", 2000)
    content = write(path)
    path.write_bytes(insert(content, REGIONS + UNDEFINED + (ITEM + bytes(4)) * 100 + SEQUENCE_END))
    DicomHeader(path)
    path.write_bytes(insert(content, REGIONS + UNDEFINED + (ITEM + bytes(4)) * 800 + SEQUENCE_END))
    with pytest.raises(ReadError, match="fewer elements in its sequences"):
        DicomHeader(path)


@pytest.mark.parametrize("head", [b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe"])
def test_preamble_of_a_program_is_a_remark(path: Path, head: bytes) -> None:
    content = write(path)
    path.write_bytes(head + content[len(head) :])
    assert DicomHeader(path).remarks == ("its preamble begins like a program: do not run it",)


@pytest.mark.parametrize("head", [bytes(4), b"II*\0"])
def test_other_preamble_is_no_remark(path: Path, head: bytes) -> None:
    content = write(path)
    path.write_bytes(head + content[len(head) :])
    assert DicomHeader(path).remarks == ()


def test_content_that_only_looks_like_dicom_is_skipped(path: Path) -> None:
    path.write_bytes(b"\x08\x00\x08\x00CS\x04\x00NONE" * 3)
    with pytest.raises(SkippedError, match="not an image"):
        DicomHeader(path)


@pytest.mark.parametrize("is_cut", [False, True])
def test_no_message_quotes_the_header(path: Path, is_cut: bool) -> None:
    content = write(path)
    at = content.index(b"SECRET^PATIENT")
    broken = content[: at - 4] + UNDEFINED + content[at:]  # its length, and VR with it
    path.write_bytes(broken[: at + 40] if is_cut else broken)
    _, message = try_to_parse(path)
    assert "SECRET" not in message


def test_undefined_length_that_never_ends_is_refused(path: Path) -> None:
    path.write_bytes(insert(write(path), b"\x09\x00\x10\x10UN\0\0" + UNDEFINED + b"ABCD" * 10))
    with pytest.raises(ReadError):
        DicomHeader(path)


def test_file_meta_information_is_kept(path: Path) -> None:
    write(path)
    meta = DicomHeader(path).dataset.file_meta
    assert isinstance(meta, FileMetaDataset)
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian
