"""Codings of JPEG, what stands around them, and where they end."""

import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
from dicom_kinds.member import Member
from PIL import Image

from raster_kinds.picture import GREY, LOSS, RGB, member, save

_CODING, _AROUND, _END = "coding of JPEG", "segments of JPEG", "end of JPEG"


def list_jpegs() -> list[Member]:
    """List them."""
    return [*_list_codings(), *_list_segments(), *_list_ends()]


def _jpeg(values: Any = GREY, **options: Any) -> bytes:
    return save(values, "JPEG", **{"quality": 95, **options})


def _list_codings() -> Iterator[Member]:
    codings = {
        "baseline": _jpeg(),
        "progressive": _jpeg(progressive=True),
        "restart markers": _jpeg(restart_marker_blocks=3),
        "tables of its own": _jpeg(optimize=True),
        "RGB": _jpeg(RGB),
        "RGB, kept": _jpeg(RGB, keep_rgb=True),
        "4:2:0": _jpeg(RGB, subsampling="4:2:0"),
        "4:1:1": _jpeg(RGB, subsampling="4:1:1"),
        "CMYK": _jpeg(Image.fromarray(RGB).convert("CMYK")),
    }
    for name, content in codings.items():
        yield member(_CODING, name, content, tolerance=LOSS)
    deep = imagecodecs.jpeg8_encode(GREY.astype(np.uint16) << 4, level=100, bitspersample=12)
    yield member(_CODING, "12 bits", deep, refused="one of 12 bits")
    lossless = imagecodecs.jpegls_encode(GREY)
    yield member(_CODING, "JPEG-LS", lossless, refused="of another coding")


def _list_segments() -> Iterator[Member]:
    plain = _jpeg()
    app = b"\xff\xed" + struct.pack(">H", 42) + bytes(40)
    segments = {
        "comment with markers": _jpeg(comment=b"\xff\xd8\xff\xd9"),
        "bytes behind the end": plain + bytes(300),
        "another picture behind it": plain + _jpeg(255 - GREY),
        "resolution": _jpeg(dpi=(127, 254)),
        "private": plain[:2] + app + plain[2:],
        "no JFIF": plain[:2] + plain[4 + struct.unpack(">H", plain[4:6])[0] :],
    }
    for name, content in segments.items():
        yield member(_AROUND, name, content, tolerance=LOSS)


def _list_ends() -> Iterator[Member]:
    kinds = {"baseline": {}, "progressive": {"progressive": True}}
    for kind, options in kinds.items():
        whole = _jpeg(**options)
        for cut in (20, 200, len(whole) // 2):
            yield member(_END, f"{kind}, {cut} bytes less", whole[:-cut], refused="cut off")
    whole = _jpeg()
    for share in (2, 4):
        early = whole[: -len(whole) // share] + b"\xff\xd9"
        yield member(_END, f"an end after 1/{share} less", early, refused="rows are missing")
    grey = GREY.copy()
    grey[-16:, -16:] = 128
    yield member(_END, "grey in a corner", _jpeg(grey), grey, tolerance=LOSS)
