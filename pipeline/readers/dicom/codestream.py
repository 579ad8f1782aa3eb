"""What a compressed frame says about itself, before any decoder trusts it."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipeline.errors import ReadError

_RLE_BYTES = 64
"""Length of the header of a frame in RLE: the number of segments and 15 offsets."""

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_TILE_PART = b"\xff\x90\x00\x0a"
_START_OF_CODESTREAM = b"\xff\x4f\xff\x51"
_SEARCHED_BYTES = 4096
"""Where a JPEG 2000 stream must have begun; files of boxes around it exist against the standard."""

_JPEG_LS, _LOSSLESS = 0xF7, (0xC3, 0xC7, 0xCB, 0xCF)
_START_OF_FRAME = {_JPEG_LS, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers whose segment gives the size: SOF0 to SOF15 of JPEG, and SOF55 of JPEG-LS."""
_WITHOUT_SEGMENT = {0x01, *range(0xD0, 0xD9)}

_CODING_STYLE = 0x52
_BOXES = b"\0\0\0\x0cjP  \r\n\x87\n"
"""What a JPEG 2000 file, other than a bare stream, begins with."""
LONGEST_START = 64
"""Bytes that show whether a stream begins."""

StreamKind = Literal["JPEG", "JPEG lossless", "JPEG-LS", "JPEG 2000"]


@dataclass(frozen=True)
class Codestream:
    """The header of a stream.

    Attributes:
        kind: its encoding; high-throughput JPEG 2000 is JPEG 2000.
        size: rows and columns, `None` if the header does not say.
        bits: precision of a sample.
        samples: how many a pixel has.
        is_transformed: whether a decoder of JPEG 2000 undoes a transformation of RGB.
        is_signed: whether values of JPEG 2000 may be below 0.
    """

    kind: StreamKind
    size: tuple[int, int] | None
    bits: int
    samples: int
    is_transformed: bool = False
    is_signed: bool = False


def read_codestream(stream: bytes) -> Codestream | None:
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 stream.

    Decoders trust the stream where DICOM trusts (0028,0010) and (0028,0011): a small file may
    claim gigabytes, and GDCM 3.2.6 cuts another size to the header's without a word.

    Returns:
        What it says, `None` if it is of another kind, or ends before.

    Examples:
        >>> header = read_codestream(bytes.fromhex("ffd8 ffc0 000b 08 0030 0050 01 01 11 00"))
        >>> header.kind, header.size, header.bits
        ('JPEG', (48, 80), 8)
    """
    if stream.startswith(_START_OF_IMAGE):
        return _read_jpeg(stream)
    start = stream[:_SEARCHED_BYTES].find(_START_OF_CODESTREAM)
    return None if start < 0 else _read_jpeg2000(stream[start:])


def starts_stream(head: bytes) -> bool:
    """Return whether a JPEG, JPEG-LS or JPEG 2000 stream begins; none has these bytes later on.

    Args:
        head: first bytes of a fragment.
    """
    return head.startswith((_START_OF_IMAGE + b"\xff", _START_OF_CODESTREAM, _BOXES))


def starts_rle(head: bytes) -> bool:
    """Return whether these are the number and the offsets of the segments of a frame in RLE.

    Args:
        head: first bytes of a fragment.
    """
    count, *offsets = (int.from_bytes(head[at : at + 4], "little") for at in range(0, 64, 4))
    is_whole = len(head) == _RLE_BYTES and 1 <= count <= len(offsets) and offsets[0] == _RLE_BYTES
    is_rising = all(first < second for first, second in pairwise(offsets[:count]))
    return is_whole and is_rising and not any(offsets[count:])


def check_rle_header(stream: bytes, segments: int) -> None:
    """Check the header of a frame in RLE (PS3.5 section G.5).

    Args:
        stream: one encoded frame.
        segments: bytes of a pixel; each has its own segment.

    Raises:
        ReadError: it has another number of segments, or they do not follow each other within
            the stream.

    Examples:
        >>> check_rle_header(bytes([1, 0, 0, 0, 64, *bytes(59), 0, 7]), 1)
    """
    header = [int.from_bytes(stream[at : at + 4], "little") for at in range(0, _RLE_BYTES, 4)]
    count, offsets = header[0], header[1 : 1 + segments]
    if count != segments:
        msg = f"expected {segments} segments in a frame of RLE, got {count}"
        raise ReadError(msg)
    bounds = [_RLE_BYTES - 1, *offsets, len(stream)]
    if offsets[0] != _RLE_BYTES or any(end <= start for start, end in pairwise(bounds)):
        msg = "expected consecutive segments in a frame of RLE, got other offsets"
        raise ReadError(msg)


def check_tiles(stream: bytes) -> None:
    """Check that a JPEG 2000 stream has all tiles of its picture (ISO 15444-1, A.4.2 and B.3).

    Decoders leave those that are missing black.

    Raises:
        ReadError: some are missing.
    """
    start = max(0, stream[:_SEARCHED_BYTES].find(_START_OF_CODESTREAM))
    sides = [_read_number(stream, start + 8 + 4 * field, 4) for field in range(8)]
    (right, bottom), (across, down), (left, top) = sides[:2], sides[4:6], sides[6:]
    if not across or not down:
        return
    wanted = -(-(right - left) // across) * -(-(bottom - top) // down)
    at, found = stream.find(_START_OF_TILE_PART, start), set[int]()
    while at >= 0 and stream.startswith(_START_OF_TILE_PART, at):
        found.add(_read_number(stream, at + 4, 2))
        length = _read_number(stream, at + 6, 4)
        at = at + length if length else -1
    if len(found) < wanted:
        msg = f"expected a JPEG 2000 stream of {wanted} tiles, got {len(found)}: it is cut off"
        raise ReadError(msg)


def _read_jpeg(stream: bytes) -> Codestream | None:
    position = len(_START_OF_IMAGE)
    while position + 10 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_SEGMENT:
            position += 2
        elif marker in _START_OF_FRAME:
            rows, columns = (_read_number(stream, position + at, 2) for at in (5, 7))
            is_lossless = marker in _LOSSLESS
            kind: StreamKind = "JPEG lossless" if is_lossless else "JPEG"
            kind = "JPEG-LS" if marker == _JPEG_LS else kind
            # No rows mean that a DNL marker after the first scan gives them.
            size = (rows, columns) if rows else None
            return Codestream(kind, size, stream[position + 4], stream[position + 9])
        else:
            position += 2 + _read_number(stream, position + 2, 2)
    return None


def _read_jpeg2000(stream: bytes) -> Codestream | None:
    """Read the SIZ segment: extent less offset, of the reference grid (ISO 15444-1, A.5.1)."""
    if len(stream) < 43:
        return None
    columns, rows, left, top = (_read_number(stream, 8 + 4 * field, 4) for field in range(4))
    size, samples = (rows - top, columns - left), _read_number(stream, 40, 2)
    bits, is_signed = (stream[42] & 0x7F) + 1, stream[42] > 0x7F
    is_transformed = _has_transformation(stream)
    return Codestream("JPEG 2000", size, bits, samples, is_transformed, is_signed)


def _has_transformation(stream: bytes) -> bool:
    """Look for the coding style in the main header (ISO 15444-1, A.6.1)."""
    position = 2
    while position + 9 <= len(stream) and stream[position] == 0xFF:
        if stream[position + 1] == _CODING_STYLE:
            return stream[position + 8] == 1
        position += 2 + _read_number(stream, position + 2, 2)
    return False


def _read_number(stream: bytes, position: int, length: int) -> int:
    return int.from_bytes(stream[position : position + length], "big")
