"""DICOM files that make a parser work, or take memory, beyond all measure."""

import struct
import zlib
from pathlib import Path

import numpy as np
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from bad_files.bad_file import BadFile
from bad_files.dicom_bytes import (
    PRIVATE_TAG,
    UNDEFINED_LENGTH,
    Change,
    adding,
    encode_element,
    find_element,
    insert_before_pixels,
    make_bad,
    make_sound,
    set_element,
    setting,
)
from pipeline.phantom.phantom_dicom import make_region

MEGABYTE = 1 << 20
SEQUENCE_TAG = 0x0040A730
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HH", 0xFFFE, tag) for tag in (0xE000, 0xE00D, 0xE0DD))
_REGIONS = "SequenceOfUltrasoundRegions"
TOO_DEEP = "expected at most 16 sequences in each other"


def list_bombs() -> list[BadFile]:
    """Files that make a parser work, or take memory, beyond all measure."""
    tiny = _list_tiny_elements
    return [
        make_bad(
            "deep",
            "5000 sequences in each other",
            "failed",
            TOO_DEEP,
            lambda c: insert_before_pixels(c, _nest(5000, defined=False)),
        ),
        make_bad(
            "deep-defined",
            "the same with lengths, which nobody looks into",
            "taken",
            "",
            lambda c: insert_before_pixels(c, _nest(5000, defined=True)),
        ),
        make_bad(
            "million-elements",
            "a million empty elements",
            "failed",
            "elements",
            lambda c: insert_before_pixels(c, tiny(1_000_000)),
            is_heavy=True,
        ),
        make_bad(
            "million-in-item",
            "a million empty elements in a sequence",
            "failed",
            "elements|header",
            lambda c: _in_sequence(_put_in_item(tiny(1_000_000)))(c),
            is_heavy=True,
        ),
        make_bad(
            "million-items",
            "a million empty items in a sequence",
            "failed",
            "items|elements|header",
            lambda c: _in_sequence((ITEM + bytes(4)) * 1_000_000)(c),
            is_heavy=True,
        ),
        make_bad(
            "million-regions",
            "a million empty ultrasound regions",
            "failed",
            "items|elements|header|regions",
            setting(_REGIONS, (ITEM + bytes(4)) * 1_000_000),
            is_heavy=True,
        ),
        make_bad(
            "many-regions",
            "500 ultrasound regions side by side",
            "failed",
            "items|elements|header|regions|images",
            lambda c: set_element(c, _REGIONS, _list_regions(500)),
            is_heavy=True,
        ),
        make_bad(
            "private",
            "40 MB in a private element",
            "taken",
            "",
            lambda c: insert_before_pixels(c, encode_element(PRIVATE_TAG, "OB", bytes(40_000_000))),
            is_heavy=True,
        ),
        BadFile(
            "deflated-bomb.dcm",
            "400 kB that inflate to 400 MB",
            "failed",
            "expected a deflated data set of at most",
            lambda path: write_deflated(path, padding=400),
            is_heavy=True,
        ),
        BadFile(
            "sparse.dcm",
            "9 GiB",
            "failed",
            "expected a file of at most",
            _write_sparse,
            is_heavy=True,
        ),
    ]


def _nest(depth: int, *, defined: bool) -> bytes:
    """Build sequences in each other, of defined or undefined length."""
    if not defined:
        start = encode_element(SEQUENCE_TAG, "SQ", b"", UNDEFINED_LENGTH)
        start += ITEM + struct.pack("<L", UNDEFINED_LENGTH)
        return start * depth + (ITEM_END + bytes(4) + SEQUENCE_END + bytes(4)) * depth
    heads = []
    length = 0
    for _ in range(depth):
        item = ITEM + struct.pack("<L", length)
        heads.append(encode_element(SEQUENCE_TAG, "SQ", b"", length + len(item)) + item)
        length += len(heads[-1])
    return b"".join(reversed(heads))


def _list_tiny_elements(count: int) -> bytes:
    """Encode empty elements of private groups."""
    numbers = np.arange(count)
    elements = np.zeros(count, [("group", "<u2"), ("element", "<u2"), ("vr", "S2"), ("n", "<u2")])
    elements["group"] = 0x0041 + 2 * (numbers >> 15)
    elements["element"] = 0x1000 + (numbers & 0x7FFF)
    elements["vr"] = b"LO"
    return elements.tobytes()


def _list_regions(count: int) -> bytes:
    """Encode sound regions of 100 x 100 px, beyond the frame but for the first one."""
    item = DicomBytesIO()
    item.is_little_endian, item.is_implicit_VR = True, False
    write_dataset(item, make_region((0, 0, 99, 99), (0.2, 0.2)))
    content = item.getvalue()
    left_at, right_at = (
        find_element(content, f"RegionLocation{name}")[1] for name in ("MinX0", "MaxX1")
    )
    regions = bytearray((ITEM + struct.pack("<L", len(content)) + content) * count)
    for number in range(count):
        start = number * (len(content) + 8) + 8
        struct.pack_into("<L", regions, start + left_at, 101 * number)
        struct.pack_into("<L", regions, start + right_at, 101 * number + 99)
    return bytes(regions)


def _in_sequence(items: bytes) -> Change:
    return adding(SEQUENCE_TAG, "SQ", items + SEQUENCE_END + bytes(4), UNDEFINED_LENGTH)


def _put_in_item(elements: bytes) -> bytes:
    return ITEM + struct.pack("<L", UNDEFINED_LENGTH) + elements + ITEM_END + bytes(4)


def write_deflated(path: Path, *, keep: float = 1.0, padding: int = 0) -> None:
    """Write a deflated file, with as many MB of zeros in a private element."""
    content = make_sound(path)
    at, pixels_at = (
        find_element(content, *what)[0] for what in (["ImageType"], ["PixelData", "OB"])
    )
    syntax = DeflatedExplicitVRLittleEndian.encode()
    head = set_element(content[:at], "TransferSyntaxUID", syntax)
    assert len(syntax) % 2 == 0
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = deflater.compress(content[at:pixels_at])
    if padding:
        body += deflater.compress(encode_element(PRIVATE_TAG, "OB", b"", padding * MEGABYTE))
        body += deflater.flush(zlib.Z_FULL_FLUSH)
        block = deflater.compress(bytes(MEGABYTE)) + deflater.flush(zlib.Z_FULL_FLUSH)
        body += block * padding  # after a full flush a block stands for itself
    body += deflater.compress(content[pixels_at:]) + deflater.flush()
    path.write_bytes(head + body[: int(len(body) * keep)])


def _write_sparse(path: Path) -> None:
    path.write_bytes(make_sound(path))
    with path.open("r+b") as file:
        file.truncate(9 << 30)
