"""Depths, colours, chunks and damage of PNG (ISO 15948)."""

import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from dicom_kinds.member import Member
from numpy.typing import NDArray

from raster_kinds.picture import DEEP, GREY, member, save

_PIXELS, _CHUNKS, _DAMAGE = "depth and colour of PNG", "chunks of PNG", "damage of PNG"
_ROWS, _COLUMNS = GREY.shape
_CUT = "cut off|damaged|rows are missing"


def list_pngs() -> list[Member]:
    """List them."""
    return [*_list_pixels(), *_list_chunks(), *_list_damage()]


def _chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def _encode(
    lines: Sequence[bytes],
    depth: int = 8,
    colour: int = 0,
    before: bytes = b"",
    *,
    interlaced: bool = False,
    packed: bytes | None = None,
    end: bytes | None = None,
) -> bytes:
    head = struct.pack(">IIBBBBB", _COLUMNS, _ROWS, depth, colour, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + line for line in lines)) if packed is None else packed
    last = _chunk(b"IEND", b"") if end is None else end
    first = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + before
    return first + _chunk(b"IDAT", data) + last


def _pack(values: NDArray[np.uint8], bits: int) -> list[bytes]:
    planes = np.unpackbits(values[..., None], axis=-1)[..., 8 - bits :]
    return [np.packbits(line).tobytes() for line in planes.reshape(_ROWS, -1)]


_LINES = [line.tobytes() for line in GREY]


def _list_pixels() -> Iterator[Member]:
    for bits in (1, 2, 4):
        levels, most = GREY >> (8 - bits), 2**bits - 1
        shown = np.rint(levels * (255 / most))
        yield member(_PIXELS, f"grey of {bits} bits", _encode(_pack(levels, bits), bits), shown)
        palette = b"".join(bytes([round(255 - index * 255 / most)] * 3) for index in range(2**bits))
        before = _chunk(b"PLTE", palette) + _chunk(b"tRNS", b"\0")
        indexed = _encode(_pack(np.uint8(most) - levels, bits), bits, 3, before)
        yield member(_PIXELS, f"palette of {bits} bits, one transparent", indexed, shown)
    big = DEEP.astype(">u2")
    for name, colour, samples in (("RGB", 2, 3), ("RGBA", 6, 4), ("grey and alpha", 4, 2)):
        lines = [np.repeat(line[:, None], samples, 1).tobytes() for line in big]
        yield member(_PIXELS, f"{name} of 16 bits", _encode(lines, 16, colour))
    yield member(_PIXELS, "grey of 16 bits", _encode([line.tobytes() for line in big], 16))
    for depth, lines in ((8, _LINES), (16, [line.tobytes() for line in big])):
        black = _chunk(b"tRNS", b"\0\0")
        content = _encode(lines, depth, 0, black)
        yield member(_PIXELS, f"black of {depth} bits is transparent", content)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
    interlaced = [
        GREY[row, left::across].tobytes()
        for left, top, across, down in (*passes, (0, 1, 1, 2))
        for row in range(top, _ROWS, down)
    ]
    yield member(_PIXELS, "interlaced", _encode(interlaced, interlaced=True))
    short = _encode(interlaced[:-1], interlaced=True)
    yield member(_DAMAGE, "interlaced, a row missing", short, refused=_CUT)


def _list_chunks() -> Iterator[Member]:
    before = {
        "gamma": _chunk(b"gAMA", struct.pack(">I", 100_000)),
        "size of a pixel": _chunk(b"pHYs", struct.pack(">IIB", 10_000, 5_000, 1)),
        "private": _chunk(b"abCd", b"x" * 40),
        "text": _chunk(b"tEXt", b"Comment\0text"),
        "text, wrong CRC": _chunk(b"tEXt", b"Comment\0text")[:-1] + b"\0",
    }
    for name, content in before.items():
        yield member(_CHUNKS, name, _encode(_LINES, before=content))
    whole = zlib.compress(b"".join(b"\0" + line for line in _LINES))
    parts = [whole[at : at + 97] for at in range(0, len(whole), 97)]
    many = b"".join(_chunk(b"IDAT", part) for part in parts[:-1])
    yield member(_CHUNKS, "pixels in many", _encode([], packed=parts[-1], before=many))
    behind = _encode(_LINES) + b"trailing" * 50
    yield member(_CHUNKS, "bytes behind the end", behind)
    wrong = struct.pack(">I", 0) + b"IENDabcd"
    yield member(_CHUNKS, "end, wrong CRC", _encode(_LINES, end=wrong))
    from PIL import Image

    other = [Image.fromarray(255 - GREY)]
    for name, default in (("animation", False), ("animation with a still", True)):
        options = {"save_all": True, "append_images": other, "default_image": default}
        yield member(_CHUNKS, name, save(GREY, "PNG", **options))


def _list_damage() -> Iterator[Member]:
    raw = b"".join(b"\0" + line for line in _LINES)
    whole = zlib.compress(raw)
    streams = {
        "half of the stream": whole[: len(whole) // 2],
        "five rows missing": zlib.compress(raw[: -5 * (_COLUMNS + 1)]),
        "wrong checksum": whole[:-1] + bytes([whole[-1] ^ 1]),
        "no stream": b"",
    }
    for name, packed in streams.items():
        yield member(_DAMAGE, name, _encode([], packed=packed), refused=_CUT)
    content = _encode(_LINES)
    at = content.index(b"IDAT") + 4 + len(whole)
    crc = content[:at] + b"\0\0\0\0" + content[at + 4 :]
    yield member(_DAMAGE, "pixels, wrong CRC", crc, refused=_CUT)
    yield member(_DAMAGE, "cut in the pixels", content[: at - 40], refused=_CUT)
