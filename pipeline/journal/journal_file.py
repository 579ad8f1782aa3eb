"""A file of JSON lines that grows line by line and survives a kill at any of them."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.atomic import open_atomically
from pipeline.errors import WriteError


class JournalFile:
    """Append lines, and read them back by their position.

    Attributes:
        path: of the file.
        is_damaged: whether `read` has met something that no killed run can have left.
        is_cut_off: whether the last line was not whole, which `read` has left out.

    Args:
        path: of the file; need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_damaged = False
        self.is_cut_off = False
        self._end = 0
        self._waiting: list[bytes] = []

    def read(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Read all lines; the last one of a killed run may be cut off, and will be overwritten.

        Yields:
            Position and content of each line that is whole.

        Raises:
            WriteError: the file cannot be read.
        """
        self._end, self.is_damaged = 0, False
        try:
            if not self.path.exists():
                return
            with self.path.open("rb") as file:
                for line in file:
                    entry = _parse(line)
                    if entry is None:
                        self.is_damaged |= line.endswith(b"\n") or not _is_cut_off(line)
                        if not line.endswith(b"\n"):
                            self.is_cut_off = True
                            return
                    else:
                        yield self._end, entry
                    self._end += len(line)
        except OSError as error:
            msg = f"expected to read {self.path}, got {error.strerror}"
            raise WriteError(msg) from error

    def read_at(self, positions: Iterable[int]) -> Iterator[dict[str, Any]]:
        """Read single lines."""
        known = list(positions)
        if not known:
            return
        with self.path.open("rb") as file:
            for position in known:
                file.seek(position)
                yield json.loads(file.readline())

    def delay(self, entry: Mapping[str, Any]) -> None:
        """Keep a line, to be appended together with the next one."""
        self._waiting.append(_encode(entry))

    def append(self, entry: Mapping[str, Any]) -> int:
        """Append a line.

        Returns:
            Its position.

        Raises:
            WriteError: the file cannot be written.
        """
        earlier, line = b"".join(self._waiting), _encode(entry)
        position = self._end + len(earlier)
        # Opened for each line, so that nothing is left open by a run that stops anywhere.
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("r+b" if self.path.exists() else "xb") as file:
                file.seek(self._end)
                file.write(earlier + line)
                file.truncate()
        except OSError as error:
            msg = f"expected to append to {self.path}, got {error.strerror}"
            raise WriteError(msg) from error
        self._waiting = []
        self._end = position + len(line)
        return position

    def replace(self, entries: Iterable[Mapping[str, Any]], *, sync: bool = False) -> None:
        """Replace the file, as a whole or not at all.

        Args:
            entries: may be read from the old one meanwhile.
            sync: come back only when a power cut could not undo it.

        Raises:
            WriteError: the file cannot be written.
        """
        end = 0
        with open_atomically(self.path, sync=sync) as file:
            for entry in entries:
                end += file.write(_encode(entry))
        self._end, self._waiting = end, []

    def set_aside(self) -> Path:
        """Rename the file, so that a new one can begin.

        Returns:
            Its new name.

        Raises:
            WriteError: it cannot be renamed.
        """
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        try:
            os.rename(self.path, aside)
        except OSError as error:
            msg = f"expected to rename the damaged {self.path}, got {error.strerror}"
            raise WriteError(msg) from error
        self._end, self.is_damaged = 0, False
        return aside


def _encode(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _is_cut_off(line: bytes) -> bool:
    """Return whether this is the beginning of a line, and not bytes that no run has written."""
    return line.startswith(b"{") and line.isascii() and b"\0" not in line
