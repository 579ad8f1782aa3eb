"""Files that clients send, for as long as a request lasts."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile

_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,5}){1,2}$")


@contextmanager
def keep_upload(upload: UploadFile) -> Iterator[Path]:
    """Keep an upload in a temporary file, of whose name the client only decides the suffix.

    Args:
        upload: of a request.

    Yields:
        The file.
    """
    match = _SUFFIX.search(upload.filename or "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("upload" + (match[0] if match else ""))
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        yield path
