"""Files that are either whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import WriteError


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file under a temporary name, and rename it if all went well.

    Args:
        path: file to write; its folder is made if need be.

    Yields:
        The opened file.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                yield file
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to write {path}, got {type(error).__name__}: {error.strerror}"
        raise WriteError(msg) from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it.

    Args:
        path: file to write; its folder is made if need be.
        content: bytes of the file.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    with open_atomically(path) as file:
        file.write(content)
