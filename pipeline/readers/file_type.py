"""Tell what a file is by its first bytes; suffixes lie."""

from enum import Enum
from pathlib import Path

from pipeline.errors import ReadError, SkippedError

_HEAD_BYTES = 132
_DICOM_MAGIC_AT = 128


class FileType(Enum):
    """Formats that are read; the value is Pillow's name for it, or ``DICOM``."""

    PNG = "PNG"
    JPEG = "JPEG"
    BMP = "BMP"
    TIFF = "TIFF"
    DICOM = "DICOM"


_MAGIC = {
    b"\x89PNG\r\n\x1a\n": FileType.PNG,
    b"\xff\xd8\xff": FileType.JPEG,
    b"BM": FileType.BMP,
    b"II*\x00": FileType.TIFF,
    b"MM\x00*": FileType.TIFF,
    b"II+\x00": FileType.TIFF,
    b"MM\x00+": FileType.TIFF,
}


def detect_file_type(path: Path) -> FileType:
    """Detect the format of a file by its content.

    Args:
        path: an existing regular file.

    Returns:
        The format. DICOM is told by ``DICM`` after the preamble of 128 bytes (PS3.10 section 7.1).

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
    if head[_DICOM_MAGIC_AT:] == b"DICM":
        return FileType.DICOM
    for magic, file_type in _MAGIC.items():
        if head.startswith(magic):
            return file_type
    msg = "not an image: expected the content of a DICOM, PNG, JPEG, BMP or TIFF file"
    raise SkippedError(msg)
