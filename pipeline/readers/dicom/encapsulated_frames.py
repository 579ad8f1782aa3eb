"""The compressed frames of a DICOM file, fetched one at a time."""

from collections.abc import Callable
from itertools import pairwise
from struct import unpack
from typing import BinaryIO

from pydicom.uid import RLELossless

from pipeline.errors import ReadError
from pipeline.readers.dicom.codestream import LONGEST_START, starts_rle, starts_stream
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.dicom_syntaxes import is_video
from pipeline.readers.limits import LARGEST_ENCODED_FRAME_BYTES, MOST_FRAGMENTS, MOST_FRAMES

_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
"""*Item* (FFFE,E000) and *Sequence Delimitation Item* (FFFE,E0DD)."""
_HEAD_BYTES = 8
_END_OF_IMAGE, _SEARCHED_BYTES = b"\xff\xd9", 10
"""Marker that ends a JPEG, JPEG-LS or JPEG 2000 stream; where it is, as padding may follow."""

Fragment = tuple[int, int]
"""Position and length of its content in the file."""


class EncapsulatedFrames:
    """Finds the fragments of every frame once, and reads those of one frame.

    As many fragments as frames are one each. Otherwise *Extended Offset Table* (7FE0,0001) or the
    Basic Offset Table counts if it fits the fragments, and else the streams' own beginnings; see
    PS3.5 section A.4.

    Args:
        header: of a file with encapsulated pixel data.
        frames: *Number of Frames* (0028,0008).

    Attributes:
        fragments: position and bytes of every fragment's content in the file.
        remarks: what was wrong and has only one meaning.

    Raises:
        ReadError: there are fewer fragments than frames, it is unknown which belongs to which, or
            the file is cut off.
    """

    def __init__(self, header: DicomHeader, frames: int) -> None:
        self._header = header
        self._count = frames
        self.remarks: tuple[str, ...] = ()
        self._starts_frame: Callable[[bytes], bool] | None = starts_stream
        if header.syntax == RLELossless:
            self._starts_frame = starts_rle
        elif is_video(header.syntax):
            self._starts_frame = None
        with header.open_pixels() as file:
            file.seek(header.pixel_offset or 0)
            items, self._is_ended = _list_items(file, header.pixel_bytes + file.tell())
            self.fragments, offsets = self._split_table(file, items)
            self._parts = self._find_frames(file, offsets)
        if not self._is_ended:
            self.remarks += ("it lacks the end of the compressed frames (FFFE,E0DD)",)
        if any(length % 2 for _, length in self.fragments):
            self.remarks += ("its fragments have odd lengths",)

    def read(self, index: int) -> bytes:
        """Read one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Its stream, the fragments joined.

        Raises:
            ReadError: it is longer than `LARGEST_ENCODED_FRAME_BYTES`.
        """
        first, end = self._parts[index]
        parts = self.fragments[first:end]
        length = sum(length for _, length in parts)
        if length > LARGEST_ENCODED_FRAME_BYTES:
            most = LARGEST_ENCODED_FRAME_BYTES
            msg = f"expected a compressed frame of at most {most} bytes, got {length}"
            raise ReadError(msg)
        with self._header.open_pixels() as file:
            return b"".join(_read_at(file, *part) for part in parts)

    def are_ended(self) -> bool:
        """Return whether all streams have their end of image, without reading the rest of them."""
        with self._header.open_pixels() as file:
            return all(self._is_end(file, self._find_last(*part)) for part in self._parts)

    def _split_table(
        self, file: BinaryIO, items: list[Fragment]
    ) -> tuple[list[Fragment], list[int]]:
        """Take the Basic Offset Table, or the extended one, and where it points in the file."""
        if items and self._starts(file, items[0]):
            self.remarks += ("it lacks the Basic Offset Table",)
            return items, []
        start = sum(items[0]) + _HEAD_BYTES
        length = items[0][1]
        usable = length if length <= 4 * MOST_FRAMES else 0
        content = _read_at(file, items[0][0], usable)[: usable // 4 * 4]
        offsets = list(unpack(f"<{len(content) // 4}L", content))
        extended = self._header.dataset.get("ExtendedOffsetTable")
        if extended:
            offsets = list(unpack(f"<{len(extended) // 8}Q", extended[: len(extended) // 8 * 8]))
        return items[1:], [start + offset for offset in offsets]

    def _find_frames(self, file: BinaryIO, offsets: list[int]) -> list[tuple[int, int]]:
        """Find the first fragment of each frame, and the one after its last."""
        count = len(self.fragments)
        if count < self._count:
            msg = f"expected {self._count} compressed frames, got {count} fragments"
            raise ReadError(msg if self._is_ended else f"{msg}: the file is cut off")
        numbers = {offset: number for number, (offset, _) in enumerate(self.fragments)}
        stated = [numbers.get(offset, -1) for offset in offsets[: self._count]]
        is_sound = len(stated) == self._count and stated[0] == 0
        is_sound = is_sound and all(first < second for first, second in pairwise(stated))
        if self._starts_frame is None:
            return [(0, count)]
        if count == self._count:
            firsts = list(range(count))
        else:
            starts = [at for at, part in enumerate(self.fragments) if self._starts(file, part)]
            is_sound = is_sound and all(at in stated for at in starts if at <= stated[-1])
            is_sound = is_sound and (len(starts) < self._count or {*stated} <= {*starts})
            firsts = stated if is_sound else self._choose(file, starts)
            if any(at > firsts[-1] for at in starts):
                count = min(at for at in starts if at > firsts[-1])
                self.remarks += ("it has further frames after those that its header counts",)
        if offsets and not is_sound:
            self.remarks += ("its Offset Table is wrong, and does not count",)
        return list(pairwise([*firsts, count]))

    def _choose(self, file: BinaryIO, starts: list[int]) -> list[int]:
        """Take frames for what the beginnings of streams, or fragments that are not empty, are."""
        filled = [at for at, (_, length) in enumerate(self.fragments) if length]
        if self._count == 1:
            return [0]
        if len(starts) >= self._count and starts[0] == filled[0]:
            after = [at for at in filled if at not in starts]
            # What follows the end of a stream and begins none is a frame that is damaged.
            if not any(self._is_end(file, self._find_last(0, at)) for at in after):
                return starts[: self._count]
        if len(filled) == self._count:
            return filled
        msg = f"expected to find {self._count} compressed frames, got another number of them"
        raise ReadError(msg)

    def _starts(self, file: BinaryIO, fragment: Fragment) -> bool:
        offset, length = fragment
        head = _read_at(file, offset, min(length, LONGEST_START))
        return self._starts_frame is not None and self._starts_frame(head)

    def _find_last(self, first: int, end: int) -> Fragment:
        """Find the last fragment of a frame that has content."""
        return next((part for part in self.fragments[first:end][::-1] if part[1]), (0, 0))

    def _is_end(self, file: BinaryIO, fragment: Fragment) -> bool:
        offset, length = fragment
        searched = min(length, _SEARCHED_BYTES)
        return _END_OF_IMAGE in _read_at(file, offset + length - searched, searched)


def _list_items(file: BinaryIO, size: int) -> tuple[list[Fragment], bool]:
    """Walk from item to item, from where the file is; return whether their end follows, too."""
    items: list[Fragment] = []
    at = file.tell()
    while (head := _read_at(file, at, _HEAD_BYTES))[:4] == _ITEM and len(head) == _HEAD_BYTES:
        items.append((at + _HEAD_BYTES, int.from_bytes(head[4:], "little")))
        at = sum(items[-1])
        if at > size:
            msg = "expected whole fragments of compressed frames, got less: the file is cut off"
            raise ReadError(msg)
        if len(items) > MOST_FRAGMENTS:
            msg = f"expected at most {MOST_FRAGMENTS} fragments of compressed frames, got more"
            raise ReadError(msg)
        # A padding byte that the length does not count.
        at += items[-1][1] % 2 and _read_at(file, at + 1, 4) in (_ITEM, _SEQUENCE_END)
    if not items:
        msg = "expected compressed frames to begin with a Basic Offset Table, got something else"
        raise ReadError(msg)
    return items, head[:4] == _SEQUENCE_END and len(head) == _HEAD_BYTES


def _read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
