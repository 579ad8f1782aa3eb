"""Open a file by what its content is."""

from pathlib import Path

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.image_source import ImageSource
from pipeline.readers.limits import LARGEST_FILE_BYTES
from pipeline.readers.nifti_source import NiftiSource
from pipeline.readers.raster_source import RasterSource


def open_image(path: Path) -> ImageSource:
    """Open a file; nothing is decoded yet.

    Returns:
        Its frames.

    Raises:
        SkippedError: the file is sound, but no ultrasound image.
        ReadError: it is no regular file, too large, damaged, or cannot be opened.
    """
    if not path.is_file():  # opening a FIFO would wait for ever
        msg = "expected a regular file, got a device or dead link"
        raise ReadError(msg)
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        msg = f"expected a file of at most {LARGEST_FILE_BYTES} bytes, got {size}"
        raise ReadError(msg)
    file_type = detect_file_type(path)
    if file_type is FileType.DICOM:
        return DicomSource(path)
    if file_type is FileType.NIFTI:
        return NiftiSource(path)
    return RasterSource(path, file_type)
