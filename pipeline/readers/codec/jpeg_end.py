"""The end of a JPEG file, which some that are whole lack."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError

NO_END = "it lacks its end of image"
"""The remark on such a file, if it can be read."""

_START_OF_IMAGE, _END_OF_IMAGE = b"\xff\xd8", b"\xff\xd9"
_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""A marker that ends a scan: no stuffed byte, restart or fill byte."""
_START_OF_SCAN = 0xDA
_TAILS = (b"", bytes(range(1, 97)))
"""What may follow a file without its end, and must not be seen in the pixels."""
_FILLER, _BLOCK_PX = 128, 8
"""What libjpeg makes of blocks that are missing before an end of image."""
_PROGRESSIVE_OR_NOT = (0xC0, 0xC1, 0xC2)
"""SOF0 to SOF2, the kinds that are decoded."""


def has_jpeg_end(content: bytes) -> bool:
    """Return whether the end of the first picture is there.

    Args:
        content: of the file; further pictures may follow.
    """
    return any(marker == _END_OF_IMAGE[1] for marker, _ in _list_markers(content))


def _list_markers(content: bytes) -> Iterator[tuple[int, int]]:
    """Walk to the end of the picture (ISO 10918-1, annex B); give markers and their positions."""
    at = len(_START_OF_IMAGE)
    while 0 <= at < len(content) - 1 and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        yield marker, at
        if marker == _END_OF_IMAGE[1]:
            return
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            found = _IN_SCAN.search(content, at)
            at = -1 if found is None else found.start()


def _has_all_scans(content: bytes) -> bool:
    """Return whether scans have begun for all bits of all coefficients (annexes B.2.3, G.1.1)."""
    missing: set[tuple[int, int]] = set()
    for marker, at in _list_markers(content):
        if marker in _PROGRESSIVE_OR_NOT:
            names = content[at + 10 : at + 10 + 3 * content[at + 9] : 3]
            missing = {(name, coefficient) for name in names for coefficient in range(64)}
        elif marker == _START_OF_SCAN:
            end = at + 5 + 2 * content[at + 4]
            first, last, low_bit = content[end], content[end + 1], content[end + 2] & 15
            scanned = {(n, c) for n in content[at + 5 : end : 2] for c in range(first, last + 1)}
            missing -= set() if low_bit else scanned
    return not missing


def read_jpeg(stream: BinaryIO, decode: Callable[[BinaryIO], NDArray[Any]]) -> NDArray[Any]:
    """Decode a JPEG, and refuse one that lacks more than its end.

    Decoders fill up what is missing. So the pixels must not depend on what follows the file:
    after a whole picture nothing is read.

    Returns:
        What `decode` does.

    Raises:
        ReadError: the file is cut off.
    """
    stream.seek(0)
    content = stream.read()
    ends = [at for marker, at in _list_markers(content) if marker == _END_OF_IMAGE[1]]
    if ends:
        values = decode(stream)
        check_last_block(values, content, ends[0], lambda other: decode(io.BytesIO(other)))
        return values
    bare = content.rstrip(b"\0")
    if bare.endswith(b"\xff"):  # half of the end, or of a stuffed byte
        bare = bare[:-1] if bare == content else bare + b"\0"
    first, second = (_try(decode, bare + tail + _END_OF_IMAGE) for tail in _TAILS)
    is_same = first is not None and second is not None and np.array_equal(first, second)
    if first is not None and is_same and _has_all_scans(bare):
        return first
    msg = "expected a whole JPEG file, got a damaged one, cut off"
    raise ReadError(msg)


def check_last_block(
    values: NDArray[Any], content: bytes, end: int, decode: Callable[[bytes], NDArray[Any]]
) -> None:
    """Refuse a JPEG whose end of image comes before its last pixels.

    Args:
        values: (H, W) or (H, W, channels), as decoded.
        content: of the file.
        end: position of its end of image.
        decode: decodes another one.

    Raises:
        ReadError: more data before the end would change the picture.
    """
    parts = (slice(_BLOCK_PX), slice(-_BLOCK_PX, None))
    if not any((values[rows, columns] == _FILLER).all() for rows in parts for columns in parts):
        return
    longer = decode(content[:end] + _TAILS[1] + content[end:])
    if not np.array_equal(values, longer):
        msg = "expected a whole JPEG, got one whose pixels end too early: rows are missing"
        raise ReadError(msg)


def _try(decode: Callable[[BinaryIO], NDArray[Any]], content: bytes) -> NDArray[Any] | None:
    try:
        return decode(io.BytesIO(content))
    except OSError:
        return None
