"""The compressed frames of a DICOM file, fetched one at a time."""

from itertools import pairwise
from struct import unpack
from typing import BinaryIO

from pipeline.errors import ReadError
from pipeline.readers.dicom_header import DicomHeader
from pipeline.readers.limits import LARGEST_ENCODED_FRAME_BYTES, MOST_FRAGMENTS, MOST_FRAMES

_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
"""*Item* (FFFE,E000) and *Sequence Delimitation Item* (FFFE,E0DD)."""
_HEAD_BYTES = 8
_END_OF_IMAGE, _SEARCHED_BYTES = b"\xff\xd9", 10
"""Marker that ends a JPEG, JPEG-LS or JPEG 2000 stream; where it is, as padding may follow."""


class EncapsulatedFrames:
    """Finds the fragments of every frame once, and reads those of one frame.

    Where a frame is, tell *Extended Offset Table* (7FE0,0001), else the Basic Offset Table, else
    the number of fragments, if it is that of the frames; see PS3.5 section A.4.

    Args:
        header: of a file with encapsulated pixel data.
        frames: *Number of Frames* (0028,0008).

    Attributes:
        fragments: position and bytes of every fragment's content in the file.

    Raises:
        ReadError: there are fewer fragments than frames, the offsets lead nowhere, or the file
            is cut off.
    """

    def __init__(self, header: DicomHeader, frames: int) -> None:
        self._header = header
        self._count = frames
        with header.open_pixels() as file:
            file.seek(header.pixel_offset or 0)
            table = _read_basic_offsets(file)
            start = file.tell()
            self.fragments = _list_fragments(file)
            if len(self.fragments) < frames:
                msg = f"expected {frames} compressed frames, got {len(self.fragments)} fragments"
                raise ReadError(msg)
        extended = header.dataset.get("ExtendedOffsetTable")
        if extended:
            table = list(unpack(f"<{len(extended) // 8}Q", extended[: len(extended) // 8 * 8]))
        self._firsts = self._find_firsts([start + _HEAD_BYTES + offset for offset in table])

    def read(self, index: int) -> bytes:
        """Read one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Its stream, the fragments joined.

        Raises:
            ReadError: it is longer than `LARGEST_ENCODED_FRAME_BYTES`.
        """
        parts = self.fragments[self._firsts[index] : self._firsts[index + 1]]
        length = sum(length for _, length in parts)
        if length > LARGEST_ENCODED_FRAME_BYTES:
            most = LARGEST_ENCODED_FRAME_BYTES
            msg = f"expected a compressed frame of at most {most} bytes, got {length}"
            raise ReadError(msg)
        with self._header.open_pixels() as file:
            return b"".join(_read_at(file, *part) for part in parts)

    def _find_firsts(self, starts: list[int]) -> list[int]:
        """Number of the first fragment of each frame, and of that behind the last one."""
        count = len(self.fragments)
        if self._count == 1:
            return [0, count]
        if starts:
            numbers = {offset: number for number, (offset, _) in enumerate(self.fragments)}
            firsts = [numbers.get(start, -1) for start in starts[: self._count]] + [count]
        elif count == self._count:
            firsts = list(range(count + 1))
        else:
            firsts = self._search_ends()
        is_sound = len(firsts) == self._count + 1 and firsts[0] == 0
        if not is_sound or any(end <= first for first, end in pairwise(firsts)):
            msg = f"expected to find {self._count} compressed frames, got another number of them"
            raise ReadError(msg)
        return firsts

    def _search_ends(self) -> list[int]:
        """Tell frames of several fragments by the end of their streams, as pydicom does."""
        with self._header.open_pixels() as file:
            searched = [min(length, _SEARCHED_BYTES) for _, length in self.fragments]
            ends = [
                _END_OF_IMAGE in _read_at(file, offset + length - count, count)
                for (offset, length), count in zip(self.fragments, searched, strict=True)
            ]
        return [0, *(number + 1 for number, is_end in enumerate(ends) if is_end)]


def _read_basic_offsets(file: BinaryIO) -> list[int]:
    head = file.read(_HEAD_BYTES)
    length = int.from_bytes(head[4:], "little")
    if head[:4] != _ITEM or length % 4 or length > 4 * MOST_FRAMES:
        msg = "expected compressed frames to begin with a Basic Offset Table, got something else"
        raise ReadError(msg)
    content = file.read(length)
    return list(unpack(f"<{len(content) // 4}L", content[: len(content) // 4 * 4]))


def _list_fragments(file: BinaryIO) -> list[tuple[int, int]]:
    """Walk from item to item; the file is at the first one."""
    fragments: list[tuple[int, int]] = []
    while (head := file.read(_HEAD_BYTES))[:4] == _ITEM and len(head) == _HEAD_BYTES:
        fragments.append((file.tell(), int.from_bytes(head[4:], "little")))
        file.seek(sum(fragments[-1]))
        if len(fragments) > MOST_FRAGMENTS:
            msg = f"expected at most {MOST_FRAGMENTS} fragments of compressed frames, got more"
            raise ReadError(msg)
    if head[:4] != _SEQUENCE_END or len(head) < _HEAD_BYTES:
        msg = "expected the end of the compressed frames (FFFE,E0DD), got none: the file is cut off"
        raise ReadError(msg)
    return fragments


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
