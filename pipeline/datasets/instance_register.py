"""Which DICOM instances a run has seen, so that a copy is not counted twice."""

import filecmp
import hashlib
from dataclasses import dataclass
from pathlib import Path

_DIGITS = 16


@dataclass(frozen=True)
class Instance:
    """What is known of a file by its *SOP Instance UID* (0008,0018).

    Attributes:
        code: the first 16 digits of the UID's SHA-256, empty if there is none.
        first: the file that has had the same UID before, else empty.
        is_copy: whether that file has the same bytes, too.
    """

    code: str
    first: str = ""
    is_copy: bool = False

    @property
    def remark(self) -> str:
        """What the user should know about it, or nothing."""
        if not self.first:
            return ""
        if self.is_copy:
            return f"a copy: the same SOPInstanceUID (0008,0018) and bytes as {self.first}"
        return f"no DICOM objects: {self.first} has the same SOPInstanceUID (0008,0018)"


class InstanceRegister:
    """Knows the first file of every instance.

    Args:
        root: folder that the files are relative to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, str] = {}

    def enter(self, uid: str, file: str) -> Instance:
        """Note a file.

        Args:
            uid: its *SOP Instance UID*, empty for a file that has none.
            file: relative to the folder, with forward slashes.

        Raises:
            OSError: one of two files cannot be read.
        """
        if not uid:
            return Instance("")
        code = hashlib.sha256(uid.encode()).hexdigest()[:_DIGITS]
        first = self._files.setdefault(code, file)
        if first == file:
            return Instance(code)
        is_copy = filecmp.cmp(self._root / first, self._root / file, shallow=False)
        return Instance(code, first, is_copy)

    def note(self, code: str, file: str) -> None:
        """Note a file whose code is known.

        Args:
            code: of its instance.
            file: relative to the folder, with forward slashes.
        """
        self._files.setdefault(code, file)
