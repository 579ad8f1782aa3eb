"""A DICOM object as the bytes of a file."""

import io

from pydicom import Dataset
from pydicom.filewriter import dcmwrite


def encode_object(built: Dataset) -> bytes:
    """Encode an object; the same object gives the same bytes.

    Args:
        built: with its File Meta Information.

    Returns:
        A file with an empty preamble (PS3.10 section 7.1).
    """
    buffer = io.BytesIO()
    dcmwrite(buffer, built, enforce_file_format=True)
    return buffer.getvalue()
