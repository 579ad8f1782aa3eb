"""Files that are either whole or not there."""

import errno
import itertools
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import WriteError

_MOST_HOST_CHARACTERS = 32
_NUMBERS = itertools.count()
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def open_atomically(path: Path, *, sync: bool = False) -> Iterator[BinaryIO]:
    """Open a file under a temporary name, and rename it if all went well.

    Args:
        path: file to write; its folder is created if missing.
        sync: come back only when a power cut could not undo it.

    Yields:
        The opened file.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{name_process()}.{next(_NUMBERS)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
            if sync:
                sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to write {path}, got {type(error).__name__}: {error.strerror}"
        raise WriteError(msg) from error


def write_atomically(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Write a file under a temporary name, then rename it.

    Args:
        path: file to write; its folder is created if missing.
        content: bytes of the file.
        sync: come back only when a power cut could not undo it.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    with open_atomically(path, sync=sync) as file:
        file.write(content)


def write_once(path: Path, content: bytes) -> bool:
    """Write a file unless there is one, for all who try it at the same time.

    Args:
        path: file to write; its folder is created if missing.
        content: bytes of the file.

    Returns:
        Whether it was written.

    Raises:
        WriteError: the folder or the file cannot be written.
    """
    temporary = path.with_name(f".{name_process()}.{next(_NUMBERS)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _link(temporary, path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        msg = f"expected to write {path}, got {type(error).__name__}: {error.strerror}"
        raise WriteError(msg) from error
    return True


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system lets us (POSIX).

    Args:
        folder: is not searched below.

    Raises:
        OSError: the disk fails.
    """
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def name_process() -> str:
    """Give this process a name that no other one has, on any computer.

    Returns:
        Name of the computer, number of the process and a random part, in letters, digits and ``-``.
    """
    return _name_process(os.getpid())  # another one after a fork


def remove_temporaries(folder: Path, process: str) -> None:
    """Remove what a process that was killed has left in a folder.

    Args:
        folder: is not searched below.
        process: its name, by `name_process`.

    Raises:
        WriteError: a file cannot be removed.
    """
    try:
        for path in folder.glob(f".{process}.*.tmp"):
            path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to remove what a killed run has left in {folder}, got {error.strerror}"
        raise WriteError(msg) from error


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with path.open("xb") as file:  # decides who is first, where there are no links
            file.write(temporary.read_bytes())


@cache
def _name_process(pid: int) -> str:
    host = re.sub("[^A-Za-z0-9-]+", "-", socket.gethostname())[:_MOST_HOST_CHARACTERS]
    return f"{host}-{pid}-{secrets.token_hex(4)}"
