"""The size of a compressed frame as its own stream tells it, before any decoder believes it."""

from itertools import pairwise

from pipeline.errors import ReadError

_RLE_BYTES = 64
"""Length of the header of a frame in RLE: the number of segments and 15 offsets."""

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_CODESTREAM = b"\xff\x4f\xff\x51"
_SEARCHED_BYTES = 4096
"""Where a JPEG 2000 stream must have begun; files of boxes around it exist against the standard."""

_START_OF_FRAME = {0xF7, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers whose segment tells the size: SOF0 to SOF15 of JPEG, and SOF55 of JPEG-LS."""
_WITHOUT_SEGMENT = {0x01, *range(0xD0, 0xD9)}


def read_codestream_size(stream: bytes) -> tuple[int, int] | None:
    """Read rows and columns from a JPEG, JPEG-LS or JPEG 2000 stream.

    Decoders trust the stream where DICOM trusts (0028,0010) and (0028,0011): a small file may
    claim gigabytes, and GDCM 3.2.6 cuts another size to the header's without a word.

    Args:
        stream: one encoded frame.

    Returns:
        Rows and columns, `None` if the stream is of another kind or does not tell.

    Examples:
        >>> read_codestream_size(bytes.fromhex("ffd8 ffc0 000b 08 0030 0050 01 01 11 00"))
        (48, 80)
    """
    if stream.startswith(_START_OF_IMAGE):
        return _read_jpeg_size(stream)
    start = stream[:_SEARCHED_BYTES].find(_START_OF_CODESTREAM)
    return None if start < 0 else _read_jpeg2000_size(stream[start:])


def check_rle_header(stream: bytes, segments: int) -> None:
    """Check the header of a frame in RLE (PS3.5 section G.5).

    Args:
        stream: one encoded frame.
        segments: bytes of a pixel, each of which has a segment of its own.

    Raises:
        ReadError: it has another number of segments, or they do not lie behind each other within
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
        msg = "expected the segments of a frame of RLE one behind the other, got other offsets"
        raise ReadError(msg)


def _read_jpeg_size(stream: bytes) -> tuple[int, int] | None:
    position = len(_START_OF_IMAGE)
    while position + 9 <= len(stream) and stream[position] == 0xFF:
        marker = stream[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_SEGMENT:
            position += 2
        elif marker in _START_OF_FRAME:
            rows, columns = _read_number(stream, position + 5, 2), position + 7
            # No rows mean that a DNL marker behind the first scan tells them.
            return (rows, _read_number(stream, columns, 2)) if rows else None
        else:
            position += 2 + _read_number(stream, position + 2, 2)
    return None


def _read_jpeg2000_size(stream: bytes) -> tuple[int, int] | None:
    """Read the SIZ segment: extent less offset, of the reference grid (ISO 15444-1, A.5.1)."""
    if len(stream) < 24:
        return None
    columns, rows, left, top = (_read_number(stream, 8 + 4 * field, 4) for field in range(4))
    return rows - top, columns - left


def _read_number(stream: bytes, position: int, length: int) -> int:
    return int.from_bytes(stream[position : position + length], "big")
