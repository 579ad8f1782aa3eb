"""Which DICOM instances a run has seen, so that a copy is not counted twice."""

import filecmp
import hashlib
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import ReadError, SkippedError

_DIGITS = 16


class InstanceRegister:
    """Knows the file of every *SOP Instance UID* (0008,0018), by a hash of it.

    Args:
        root: folder that the files are relative to.
        known: hash to file, of an interrupted run.
    """

    def __init__(self, root: Path, known: Mapping[str, str]) -> None:
        self._root = root
        self._files = dict(known)

    def enter(self, uid: str, file: str) -> str:
        """Note a file.

        Args:
            uid: its *SOP Instance UID*, empty for a file that has none.
            file: relative to the folder, with forward slashes.

        Returns:
            The first 16 digits of the UID's SHA-256, empty if there is none.

        Raises:
            SkippedError: another file has the same UID and the same bytes.
            ReadError: another file has the same UID and other bytes.
        """
        if not uid:
            return ""
        instance = hashlib.sha256(uid.encode()).hexdigest()[:_DIGITS]
        first = self._files.setdefault(instance, file)
        if first == file:
            return instance
        if not (self._root / first).is_file():  # removed since the run was interrupted
            self._files[instance] = file
            return instance
        if filecmp.cmp(self._root / first, self._root / file, shallow=False):
            msg = f"a copy: the same SOPInstanceUID (0008,0018) and bytes as {first}"
            raise SkippedError(msg)
        msg = f"expected a SOPInstanceUID (0008,0018) of its own, got that of {first}"
        raise ReadError(msg)
