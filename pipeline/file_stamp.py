"""The content of a file that a result was made from."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.hash_file import hash_file


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file at one moment.

    Attributes:
        size: in bytes.
        modified: time of the last change of its content, in ns.
        changed: time of the last change of its content or its entry, in ns; unlike `modified` no
            program can set it.
        sha256: of the content, in hexadecimal; empty if it was not read.
    """

    size: int
    modified: int
    changed: int
    sha256: str = ""

    @classmethod
    def of(cls, path: Path) -> "FileStamp":
        """Take the time and size of a file, without reading it.

        Args:
            path: a file, a folder, or a link that leads nowhere.

        Raises:
            OSError: there is nothing.
        """
        try:
            status = path.stat()
        except OSError:
            status = os.lstat(path)
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def hash(self, path: Path) -> "FileStamp":
        """Return the stamp with the hash of the content.

        Raises:
            OSError: it cannot be read.
        """
        return replace(self, sha256=hash_file(path))

    def has_content_of(self, other: "FileStamp") -> bool:
        """Return whether size and time of the content are the same."""
        return (self.size, self.modified) == (other.size, other.modified)

    def look_again(self, path: Path) -> "FileStamp | None":
        """Check whether the file still has this content, as cheaply as possible.

        Args:
            path: the file as it is now.

        Returns:
            This stamp if size and times are the same, a new one if they are not but the hash is,
            `None` if the content is another one or the file is gone.
        """
        try:
            now = FileStamp.of(path)
            if replace(now, sha256=self.sha256) == self:
                return self
            if not self.sha256 or now.size != self.size:
                return None
            now = now.hash(path)
        except OSError:
            return None
        return now if now.sha256 == self.sha256 else None
