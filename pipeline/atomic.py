"""Files that are either whole or not there."""

import os
from pathlib import Path

from pipeline.errors import WriteError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it.

    Args:
        path: file to write; its folder is made if need be.
        content: bytes of the file.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to write {path}, got {type(error).__name__}: {error.strerror}"
        raise WriteError(msg) from error
