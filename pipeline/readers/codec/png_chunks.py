"""The chunks of a PNG: what is damaged and not needed to see it, and whether all rows are there."""

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.errors import ReadError

_SIGNATURE_BYTES = 8
_NEEDED = 0x20
"""Bit of the first letter of a chunk's name: not set if the picture cannot be seen without it."""
_LARGEST_CHUNK_BYTES = 16 << 20
"""Bytes up to which the sum of a chunk is looked at; the text that Pillow takes is shorter."""
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel, by the type of colour."""
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column, first row, and the steps between, of the passes of an interlaced picture."""
_PIECE_BYTES = 64 << 10
_LONGEST_CHUNK_BYTES = (1 << 31) - 1
_PALETTE = 3


def drop_damaged_chunks(stream: BinaryIO) -> BinaryIO:
    """Leave out ancillary chunks with a wrong checksum, as libpng and so every viewer does.

    Pillow takes the whole file for damaged. Of chunks with pixels nothing is left out.

    Returns:
        The same stream if nothing is to be left out, else a copy without those chunks.
    """
    damaged: list[tuple[int, int]] = []
    position = _SIGNATURE_BYTES
    stream.seek(position)
    while len(head := stream.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        end = position + 12 + length
        if name.isalpha() and name[0] & _NEEDED and length <= _LARGEST_CHUNK_BYTES:
            content = stream.read(length)
            checksum = stream.read(4)
            is_whole = len(content) == length and len(checksum) == 4
            if is_whole and zlib.crc32(name + content) != int.from_bytes(checksum, "big"):
                damaged.append((position, end))
        if name == b"IEND":
            break
        position = end
        stream.seek(position)
    stream.seek(0)
    return io.BytesIO(_copy_without(stream, damaged)) if damaged else stream


def check_png_rows(stream: BinaryIO) -> None:
    """Refuse a PNG whose pixels end too early, are damaged, or lack their palette.

    Pillow leaves the rest black, looks at no checksum of them, and takes indices for grey. What is
    damaged in another way is left to it.

    Args:
        stream: of a PNG; it is left at its beginning.

    Raises:
        ReadError: they do.
    """
    stream.seek(_SIGNATURE_BYTES + 8)
    header = stream.read(13)
    wanted = _count_bytes(header)
    inflater = zlib.decompressobj()
    for content in _list_pixels(stream, needs_palette=header[9] == _PALETTE):
        while wanted > 0 and content and not inflater.eof:
            try:
                wanted -= len(inflater.decompress(content, _PIECE_BYTES))
            except zlib.error:
                wanted = 0
            content = inflater.unconsumed_tail
    stream.seek(0)
    if wanted > 0 and inflater.eof:
        msg = "expected a whole PNG file, got one whose pixels end too early: rows are missing"
        raise ReadError(msg)


def _count_bytes(header: bytes) -> int:
    """Count the bytes of all rows, each with one for its filter (ISO 15948, section 7)."""
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    bits = header[8] * _SAMPLES.get(header[9], 0)
    passes = _PASSES if header[12] else ((0, 0, 1, 1),)
    count = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        count += rows * (1 + -(-columns * bits // 8)) if min(columns, rows) > 0 else 0
    return count


def _list_pixels(stream: BinaryIO, *, needs_palette: bool) -> Iterator[bytes]:
    """Give the content of all chunks of pixels in pieces, and compare their checksums."""
    position = _SIGNATURE_BYTES
    stream.seek(position)
    while len(head := stream.read(8)) == 8 and head[4:] != b"IEND":
        length = int.from_bytes(head[:4], "big")
        is_pixels = head[4:] == b"IDAT"
        if length > _LONGEST_CHUNK_BYTES or (is_pixels and needs_palette):
            msg = "expected a whole PNG file, got a damaged one"
            raise ReadError(f"{msg}, without its palette" if is_pixels else msg)
        needs_palette &= head[4:] != b"PLTE"
        left, sum_of_all = length if is_pixels else 0, zlib.crc32(head[4:])
        while left and (piece := stream.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            sum_of_all = zlib.crc32(piece, sum_of_all)
            yield piece
        stated = stream.read(4) if is_pixels and not left else b""
        if len(stated) == 4 and int.from_bytes(stated, "big") != sum_of_all:
            msg = "expected a whole PNG file, got a damaged one: the checksum of its pixels differs"
            raise ReadError(msg)
        position += 12 + length
        stream.seek(position)


def _copy_without(stream: BinaryIO, parts: list[tuple[int, int]]) -> bytes:
    kept = []
    position = 0
    for start, end in parts:
        stream.seek(position)
        kept.append(stream.read(start - position))
        position = end
    stream.seek(position)
    return b"".join([*kept, stream.read()])
