"""Temporary files that do not outlive the server, however it ends."""

import shutil
import uuid
from pathlib import Path

from filelock import FileLock, Timeout


class Scratch:
    """A folder of temporary files of one server; those of servers that were killed are removed.

    Uploads, and copies of images, are files of patients: they must not stay when a request or the
    server ends, and not in a folder that everybody on this machine can read.

    Args:
        parent: folder of the folders of all servers; created if missing.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = parent / uuid.uuid4().hex
        self._lock = _lock(self.folder)
        self._lock.acquire()
        self.folder.mkdir(mode=0o700)
        for folder in parent.iterdir():
            if folder.is_dir() and folder != self.folder:
                _remove_if_abandoned(folder)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()
        Path(self._lock.lock_file).unlink(missing_ok=True)


def _lock(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock", thread_local=False)


def _remove_if_abandoned(folder: Path) -> None:
    lock = _lock(folder)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return  # its server runs
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)
