"""TIFF files tag by tag, as no library writes them."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

_LETTERS = {1: "B", 2: "c", 3: "H", 4: "I", 13: "I", 16: "Q"}
_SHORT = 3


def make_page(values: NDArray[Any], **tags: Sequence[int] | bytes) -> dict[int, Any]:
    """Describe an uncompressed page of one strip.

    Args:
        values: (H, W) or (H, W, samples), whole bytes, as they are stored.
        tags: further ones or other values of them, as ``t262=[0]``; text as bytes.
    """
    rows, columns = values.shape[:2]
    samples = values.shape[2] if values.ndim == 3 else 1
    page: dict[int, Any] = {
        256: [columns],
        257: [rows],
        258: [8 * values.dtype.itemsize] * samples,
        259: [1],
        262: [1 if samples < 3 else 2],
        273: values.tobytes(),
        277: [samples],
        278: [rows],
    }
    return page | {int(name[1:]): value for name, value in tags.items()}


def write_tiff(path: Path, *pages: Mapping[int, Any], order: str = "<") -> None:
    """Write pages of `make_page`; 273 holds the bytes of the only strip, 279 is added."""
    content = bytearray((b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 0))
    link = 4
    for page in pages:
        strip, entries = len(content), []
        content += page[273]
        values = {**page, 273: [strip], 279: [len(page[273])]}
        for code, value in sorted(values.items()):
            text = isinstance(value, bytes)
            kind = 2 if text else 4 if code in (273, 279, 330) else _SHORT
            packed = (
                bytes(value) + b"\0"
                if text
                else struct.pack(f"{order}{len(value)}{_LETTERS[kind]}", *value)
            )
            count = len(packed) if text else len(value)
            if len(packed) > 4:
                content += b"\0" * (len(content) % 2)
                packed, at = struct.pack(f"{order}I", len(content)), packed
                content += at
            entries.append(struct.pack(f"{order}HHI", code, kind, count) + packed.ljust(4, b"\0"))
        content += b"\0" * (len(content) % 2)
        content[link : link + 4] = struct.pack(f"{order}I", len(content))
        content += struct.pack(f"{order}H", len(entries)) + b"".join(entries)
        link = len(content)
        content += bytes(4)
    path.write_bytes(content)
