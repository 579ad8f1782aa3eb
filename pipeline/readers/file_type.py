"""Detect the format of a file from its first bytes; suffixes lie."""

import gzip
import re
import zlib
from enum import Enum
from pathlib import Path

from pipeline.errors import ReadError, SkippedError

_HEAD_BYTES = 352
_DICOM_MAGIC_AT = 128
_NIFTI_MAGIC_AT = {344: (b"n+1\x00", b"ni1\x00"), 4: (b"n+2\x00", b"ni2\x00")}
"""Where the magic of versions 1 and 2 is, for a single file and for a pair."""
_GZIP_MAGIC = b"\x1f\x8b"
_BARE_DICOM = re.compile(
    # The first element of a file without preamble: its group, a low element, and a VR with its
    # length, or in little endian the length alone, which group 0002 never has.
    rb"\x02\x00[\x00-\x03]\x00(UL|OB|UI)"
    rb"|\x08\x00[\x00-\x20]\x00(UL|OB|UI|CS|DA|TM|[\x02-\x80]\x00\x00\x00)"
    rb"|\x00\x08\x00[\x00-\x20](UL|OB|UI|CS|DA|TM)"
)


class FileType(Enum):
    """Formats that are read; the value is Pillow's name for it, or the format's own."""

    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    TIFF = "TIFF"
    DICOM = "DICOM"
    NIFTI = "NIFTI"


_MAGIC = {
    b"\x89PNG\r\n\x1a\n": FileType.PNG,
    b"\xff\xd8\xff": FileType.JPEG,
    b"BM": FileType.BMP,
    b"II*\x00": FileType.TIFF,
    b"MM\x00*": FileType.TIFF,
    b"II+\x00": FileType.TIFF,
    b"MM\x00+": FileType.TIFF,
}

_OTHER_IMAGES = {
    "GIF": rb"GIF8[79]a",
    "WebP": rb"RIFF....WEBP",
    "HEIF or AVIF": rb"....ftyp(hei|hev|mif1|msf1|avi)",
    "JPEG 2000": rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51",
    "JPEG XL": rb"\xff\x0a|\x00\x00\x00\x0cJXL ",
    "Photoshop": rb"8BPS",
    "PDF": rb"%PDF-",
    "NRRD": rb"NRRD000",
    "MetaImage": rb"(ObjectType|NDims) *=",
}
"""Formats that are not read, by how they begin."""

_HINTS = {
    "an archive: unpack it, and give the folder": rb"PK\x03\x04|PK\x05\x06|7z\xbc\xaf\x27\x1c"
    rb"|Rar!\x1a\x07|.{257}ustar",
    "a video, which has no scale: export the cine as DICOM, or its frames as PNG": rb"RIFF....AVI "
    rb"|....(ftyp|moov|mdat)|\x1a\x45\xdf\xa3|\x30\x26\xb2\x75\x8e\x66\xcf\x11"
    rb"|\x00\x00\x01[\xb3\xba]|FLV\x01|G.{187}G",
}
"""What to do with other files that people have, by how they begin."""


def detect_file_type(path: Path) -> FileType:
    """Detect the format of a file by its content.

    Returns:
        The format. DICOM is recognized by ``DICM`` after the preamble of 128 bytes (PS3.10 section
        7.1), or by its first element where there is no preamble.

    Raises:
        SkippedError: the content is none of the formats that are read.
        ReadError: the file cannot be opened or is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        msg = f"expected a readable file, got {error.strerror}"
        raise ReadError(msg) from error
    if not head:
        msg = "expected an image, got an empty file"
        raise ReadError(msg)
    if head[_DICOM_MAGIC_AT:].startswith(b"DICM"):
        return FileType.DICOM
    for magic, file_type in _MAGIC.items():
        if head.startswith(magic):
            return file_type
    if head.startswith(_GZIP_MAGIC):
        head = _inflate_head(path)
    if any(head[at:].startswith(magic) for at, magic in _NIFTI_MAGIC_AT.items()):
        return FileType.NIFTI
    if _BARE_DICOM.match(head):
        return FileType.DICOM
    expected = "expected the content of a DICOM, PNG, JPEG, BMP, TIFF or NIfTI file"
    other = [name for name, start in _OTHER_IMAGES.items() if re.match(start, head, re.DOTALL)]
    msg = f"not an image that is read: {expected}, got {other[0]}" if other else ""
    hint = [text for text, start in _HINTS.items() if re.match(start, head, re.DOTALL)]
    got = f", got {hint[0]}" if hint else ""
    raise SkippedError(msg or f"not an image: {expected}{got}")


def _inflate_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""  # no gzip after all: not an image
