"""Kinds of BMP."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from dicom_kinds.member import Member
from numpy.typing import NDArray

from raster_kinds.picture import BLACK_AND_WHITE, GREY, RGB, member

_KIND = "kinds of BMP"
_ROWS, _COLUMNS = GREY.shape
_GREYS = b"".join(bytes([level] * 3 + [0]) for level in range(256))
_UPWARDS = GREY[::-1]


def _lines(values: NDArray[Any]) -> bytes:
    lines = [np.ascontiguousarray(line).tobytes() for line in values]
    return b"".join(line + bytes(-len(line) % 4) for line in lines)


def _encode(
    bits: int,
    data: bytes,
    palette: bytes = b"",
    *,
    compression: int = 0,
    shape: tuple[int, int] = GREY.shape,
    masks: bytes = b"",
) -> bytes:
    offset = 54 + len(masks) + len(palette)
    colours = len(palette) // 4
    rows, columns = shape
    info = struct.pack("<IiiHHI", 40, columns, rows, 1, bits, compression)
    info += struct.pack("<IiiII", len(data), 0, 0, colours, 0)
    head = b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
    return head + info + masks + palette + data


def list_bitmaps() -> list[Member]:
    """List them."""
    cut = _encode(8, _lines(_UPWARDS)[:-999], _GREYS)
    return [*_list_read(), member(_KIND, "cut off", cut, refused="damaged")]


def _list_read() -> Iterator[Member]:
    downwards = (-_ROWS, _COLUMNS)
    reverse = b"".join(bytes([255 - level] * 3 + [0]) for level in range(256))
    no_alpha = np.dstack([RGB[::-1], np.zeros_like(GREY)])
    yield member(_KIND, "8 bits", _encode(8, _lines(_UPWARDS), _GREYS))
    yield member(_KIND, "8 bits, downwards", _encode(8, _lines(GREY), _GREYS, shape=downwards))
    yield member(_KIND, "8 bits, palette reversed", _encode(8, _lines(255 - _UPWARDS), reverse))
    yield member(_KIND, "24 bits", _encode(24, _lines(RGB[::-1])))
    yield member(_KIND, "24 bits, downwards", _encode(24, _lines(RGB), shape=downwards))
    odd = _encode(24, _lines(RGB[::-1, :-1]), shape=(_ROWS, _COLUMNS - 1))
    yield member(_KIND, "24 bits, an odd width", odd, GREY[:, :-1])
    yield member(_KIND, "32 bits, alpha of 0", _encode(32, _lines(no_alpha)))
    nibbles, sixteen = _UPWARDS >> 4, b"".join(bytes([level * 17] * 3 + [0]) for level in range(16))
    four = _lines((nibbles[:, ::2] << 4) | nibbles[:, 1::2])
    yield member(_KIND, "4 bits", _encode(4, four, sixteen), (GREY >> 4) * 17.0)
    bits = np.packbits(_UPWARDS > 127, axis=1)
    black_white = b"\0\0\0\0\xff\xff\xff\0"
    yield member(_KIND, "1 bit", _encode(1, _lines(bits), black_white), BLACK_AND_WHITE)
    inverted = _encode(1, _lines(~bits), b"\xff\xff\xff\0\0\0\0\0")
    yield member(_KIND, "1 bit, palette reversed", inverted, BLACK_AND_WHITE)
    runs = b"".join(
        b"".join(bytes([1, level]) for level in line) + b"\0\0" for line in _UPWARDS.tolist()
    )
    yield member(_KIND, "runs of 8 bits", _encode(8, runs + b"\0\1", _GREYS, compression=1))
    words = (_UPWARDS >> 2).astype("<u2")
    five = (_UPWARDS >> 3).astype("<u2")
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    packed = _lines((five << 11) | (words << 5) | five)
    masked = _encode(16, packed, compression=3, masks=masks)
    yield member(_KIND, "16 bits in masks", masked, tolerance=8)
    greys = b"".join(bytes([level] * 3) for level in range(256))
    head = b"BM" + struct.pack("<IHHI", 26 + 768 + GREY.size, 0, 0, 26 + 768)
    os2 = head + struct.pack("<IHHHH", 12, _COLUMNS, _ROWS, 1, 8) + greys + _lines(_UPWARDS)
    yield member(_KIND, "OS/2", os2)
