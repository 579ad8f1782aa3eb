"""Leave out what is damaged of a PNG but is not needed to see it."""

import io
import zlib
from typing import BinaryIO

_SIGNATURE_BYTES = 8
_NEEDED = 0x20
"""Bit of the first letter of a chunk's name: not set if the picture cannot be seen without it."""
_LARGEST_CHUNK_BYTES = 16 << 20
"""Bytes up to which the sum of a chunk is looked at; the text that Pillow takes is shorter."""


def drop_damaged_chunks(stream: BinaryIO) -> BinaryIO:
    """Leave out ancillary chunks with a wrong checksum, as libpng and so every viewer does.

    Pillow takes the whole file for damaged. Of chunks with pixels nothing is left out.

    Args:
        stream: of a PNG.

    Returns:
        The same stream if nothing is to be left out, else a copy without those chunks.
    """
    damaged: list[tuple[int, int]] = []
    position = _SIGNATURE_BYTES
    stream.seek(position)
    while len(head := stream.read(8)) == 8:
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        end = position + 12 + length
        if name[0] & _NEEDED and length <= _LARGEST_CHUNK_BYTES:
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


def _copy_without(stream: BinaryIO, parts: list[tuple[int, int]]) -> bytes:
    kept = []
    position = 0
    for start, end in parts:
        stream.seek(position)
        kept.append(stream.read(start - position))
        position = end
    stream.seek(position)
    return b"".join([*kept, stream.read()])
