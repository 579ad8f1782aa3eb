"""Sound DICOM files as bytes, and changes to them that pydicom refuses to make."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, generate_uid
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from bad_files.bad_file import IMAGE, SECRET, BadFile, Expected
from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset

UNDEFINED_LENGTH = 0xFFFFFFFF
PRIVATE_TAG = 0x00411001

Change = Callable[[bytes], bytes]
"""From a sound file, Explicit VR Little Endian, to a bad one."""


def make_dataset(
    name: str, image: NDArray[np.uint8] = IMAGE, kind: DicomKind = DicomKind.MONOCHROME2
) -> Dataset:
    """Build a sound image, (H, W) or (F, H, W), of a patient who must not be named."""
    dataset = make_phantom_dataset(image, kind=kind, mm_per_pixel=(0.2, 0.2))
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["bad file", name])
    dataset.PatientName = f"{SECRET}^PATIENT"
    dataset.PatientID = f"{SECRET}-1"
    dataset.InstitutionName = f"{SECRET} HOSPITAL"
    dataset.StudyDescription = dataset.ImageComments = f"{SECRET} PATIENT"
    return dataset


def make_compressed(
    name: str, syntax: UID, image: NDArray[np.uint8] = IMAGE, size: tuple[int, int] | None = None
) -> Dataset:
    """Build a compressed one; `size` is told by its header instead of the image's."""
    dataset = make_dataset(name, image)
    dataset.compress(syntax, generate_instance_uid=False)
    if size is not None:
        dataset.Rows, dataset.Columns = size
    return dataset


def to_bytes(dataset: Dataset) -> bytes:
    """Write a dataset as a file."""
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def make_sound(path: Path) -> bytes:
    """Make an uncompressed file, Explicit VR Little Endian."""
    return to_bytes(make_dataset(path.name))


def encode_element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """Encode an element in Explicit VR Little Endian; `length` may lie."""
    count = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in EXPLICIT_VR_LENGTH_32:
        return head + struct.pack("<HL", 0, count) + value
    return head + struct.pack("<H", count) + value


def find_element(content: bytes, keyword: str, vr: str | None = None) -> tuple[int, int, int]:
    """Find an element in a file of Explicit VR Little Endian: its head, its value and its end."""
    tag, vr = tag_for_keyword(keyword), vr or dictionary_VR(keyword)
    assert tag is not None
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    assert content.count(head) == 1, f"{content.count(head)} times {keyword}"
    start = content.index(head)
    width = 4 if vr in EXPLICIT_VR_LENGTH_32 else 2
    value = start + (12 if width == 4 else 8)
    length = int.from_bytes(content[value - width : value], "little")
    return start, value, len(content) if length == UNDEFINED_LENGTH else value + length


def set_element(content: bytes, keyword: str, value: bytes, vr: str | None = None) -> bytes:
    """Give an element another value, and another VR too if asked."""
    start, _, end = find_element(content, keyword)
    tag = tag_for_keyword(keyword)
    assert tag is not None
    element = encode_element(tag, vr or dictionary_VR(keyword), value)
    changed = content[:start] + element + content[end:]
    if tag >> 16 != 2 or keyword == "FileMetaInformationGroupLength":
        return changed
    _, at, end = find_element(content, "FileMetaInformationGroupLength")
    length = int.from_bytes(content[at:end], "little") + len(changed) - len(content)
    return set_element(changed, "FileMetaInformationGroupLength", struct.pack("<L", length))


def drop_element(content: bytes, keyword: str) -> bytes:
    """Take an element out."""
    start, _, end = find_element(content, keyword)
    return content[:start] + content[end:]


def insert_before_pixels(content: bytes, elements: bytes) -> bytes:
    """Put elements before *Pixel Data* (7FE0,0010)."""
    start, _, _ = find_element(content, "PixelData", "OB")
    return content[:start] + elements + content[start:]


def set_pixel_length(content: bytes, length: int) -> bytes:
    """Let *Pixel Data* tell another length than it has."""
    _, value, _ = find_element(content, "PixelData", "OB")
    return content[: value - 4] + struct.pack("<L", length) + content[value:]


def change_sound(change: Change) -> Callable[[Path], object]:
    """Write a sound file after a change."""
    return lambda path: path.write_bytes(change(make_sound(path)))


def make_bad(
    name: str,
    what: str,
    expected: Expected,
    reason: str,
    change: Change,
    *,
    is_heavy: bool = False,
    in_run: tuple[Expected, str] | None = None,
) -> BadFile:
    """Make a kind of a changed sound file."""
    write = change_sound(change)
    return BadFile(f"{name}.dcm", what, expected, reason, write, is_heavy, in_run=in_run)


def setting(keyword: str, value: bytes | int, vr: str | None = None) -> Change:
    """Give an element another value; a number is a US."""
    raw = struct.pack("<H", value) if isinstance(value, int) else value
    return lambda content: set_element(content, keyword, raw, vr)


def adding(tag: int, vr: str, value: bytes, length: int | None = None) -> Change:
    """Put an element before the pixels."""
    return lambda content: insert_before_pixels(content, encode_element(tag, vr, value, length))


def dropping(keyword: str) -> Change:
    """Take an element out."""
    return lambda content: drop_element(content, keyword)


def setting_frames(value: bytes) -> Change:
    """Tell a *Number of Frames* (0028,0008)."""
    return adding(0x00280008, "IS", value)
