"""One DICOM file that departs from the standard in a known way, and the pictures that it holds."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import make_dataset, to_bytes
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID

from pipeline.phantom.phantom_dicom import DicomKind

Grey = NDArray[Any]

CINE = np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]])
"""Three frames (3, 64, 96) uint8 that no one takes for each other."""
MM = (0.2, 0.2)
"""Mm between rows and between columns, as the region of every file gives."""
STEP = 1.0
"""Grey levels by which rounding may move a value."""
LOSS = 12.0
"""Grey levels that JPEG baseline may cost the phantom, whose edges are sharp."""
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


@dataclass(frozen=True)
class Member:
    """A member of a kind.

    Attributes:
        kind: what is wrong with it, as a row of the table.
        name: of its own.
        make: builds the file, the same bytes each time.
        frames: grey values (H, W), 0 to 255, of every frame, `None` for one that is lost.
        refused: pattern of the reason if it has to be refused, empty if it has to be read.
        remark: pattern of what a user has to be told of a file that is read.
        tolerance: grey levels that a pixel may differ.
        has_mm: whether the header's size of a pixel has to be found, see `MM`.
    """

    kind: str
    name: str
    make: Callable[[], bytes]
    frames: Sequence[Grey | None]
    refused: str = ""
    remark: str = ""
    tolerance: float = STEP
    has_mm: bool = False

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{self.kind}: {self.name}"


def make_native(
    content: bytes,
    image: Grey = IMAGE,
    syntax: str | None = None,
    kind: DicomKind = DicomKind.MONOCHROME2,
    **attributes: Any,
) -> Dataset:
    """Build an uncompressed file around these bytes."""
    dataset = make_dataset("member", image, kind)
    if syntax is not None:
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
    set_attributes(dataset, attributes)
    dataset.PixelData = content + b"\0" * (len(content) % 2)
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
    return dataset


def set_attributes(dataset: Dataset, attributes: dict[str, Any]) -> None:
    """Set attributes of a file, or take out those that are `None`."""
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)


def to_file(dataset: Dataset) -> Callable[[], bytes]:
    """Write a dataset when asked for."""
    return lambda: to_bytes(dataset)


def make_items(fragments: Sequence[bytes], offsets: Sequence[int] = ()) -> bytes:
    """Build a Basic Offset Table and fragments, without the end."""
    table = struct.pack(f"<{len(offsets)}L", *offsets)
    return b"".join(
        ITEM + struct.pack("<L", len(part) + len(part) % 2) + part + b"\0" * (len(part) % 2)
        for part in (table, *fragments)
    )


def list_offsets(fragments: Sequence[bytes]) -> list[int]:
    """Where each fragment of `make_items` begins, from the first one on."""
    return [0, *accumulate(8 + len(part) + len(part) % 2 for part in fragments[:-1])]


def make_encapsulated(
    pixels: bytes, syntax: str, image: Grey = IMAGE, **attributes: Any
) -> Callable[[], bytes]:
    """Write a file whose pixel data are these bytes, as they are, with no length."""
    dataset = make_dataset("member", image)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    set_attributes(dataset, attributes)
    del dataset.PixelData
    head = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    return lambda: to_bytes(dataset) + head + pixels
