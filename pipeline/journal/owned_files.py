"""Which files of a run's folder are ours, so that no other file is ever touched."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.atomic import remove_temporaries
from pipeline.errors import WriteError
from pipeline.journal.journal_file import JournalFile


class OwnedFiles:
    """Names each file in the journal before it is written; what is named there can be removed."""

    def __init__(
        self,
        folder: Path,
        lines: JournalFile,
        append: Callable[[Mapping[str, Any]], int],
    ) -> None:
        self.folder = folder
        self.adopts = False
        """Whether everything that is in the way counts as ours, as the journal was damaged."""
        self._lines = lines
        self._append = append
        self._positions: dict[str, list[int]] = {}
        self._latest: tuple[str, set[str]] = ("", set())

    def replay(self, position: int, entry: Mapping[str, Any]) -> None:
        """Take over the claims of an earlier run.

        Args:
            position: of the line.
            entry: with ``writes`` and ``of``.

        Raises:
            ValueError: it names what is not in the folder, which no run has done.
        """
        names = entry["writes"]
        if not isinstance(names, list) or not all(map(is_inside, names)):
            msg = "expected names of files in the folder"
            raise ValueError(msg)
        self._positions.setdefault(entry["of"], []).append(position)

    def claim(self, of: str, paths: Iterable[Path]) -> None:
        """Note which files are about to be written.

        Args:
            of: input that they are made of; empty for those of the whole run.
            paths: in the run's folder.

        Raises:
            WriteError: one is there already, and not ours; or the journal cannot be written.
        """
        if self._latest[0] != of:
            self._latest = of, set(self._read(of))
        claimed = self._latest[1]
        fresh = sorted(self._name(path) for path in paths if self._name(path) not in claimed)
        if not self.adopts:
            for name in fresh:
                self._refuse_foreign(name)
        if fresh:
            position = self._append({"writes": fresh, "of": of})
            self._positions.setdefault(of, []).append(position)
            claimed |= set(fresh)

    def check(self, paths: Iterable[Path]) -> None:
        """Check that no foreign file is in the way of the files of the whole run.

        Args:
            paths: of files in the run's folder, or of folders, which may be there if empty.

        Raises:
            WriteError: one is there already, and not ours.
        """
        claimed = set(self._read(""))
        for path in paths:
            name = self._name(path)
            if not self.adopts and name not in claimed:
                self._refuse_foreign(name)

    def discard(self, of: str, paths: Iterable[Path]) -> None:
        """Remove files, unless they are not claimed.

        Args:
            of: as for `claim`.
            paths: in the run's folder; need not exist.

        Raises:
            WriteError: one cannot be removed.
        """
        claimed = set(self._read(of))
        self._remove(name for name in map(self._name, paths) if name in claimed)

    def remove(self, of: str) -> None:
        """Remove all results of an input.

        Args:
            of: as for `claim`.

        Raises:
            WriteError: a file cannot be removed.
        """
        self._remove(self._read(of))
        self._positions.pop(of, None)
        self._latest = "", set()

    def remove_temporaries(self, processes: Iterable[str]) -> None:
        """Remove what killed processes have left.

        Args:
            processes: their names, by `name_process`.

        Raises:
            WriteError: a file cannot be removed.
        """
        folders = {self.folder} | {
            (self.folder / name).parent for of in self._positions for name in self._read(of)
        }
        for process in processes:
            for folder in folders:
                remove_temporaries(folder, process)

    def entries(self, of: str) -> Iterator[dict[str, Any]]:
        """Return the lines about the results of an input.

        Args:
            of: as for `claim`.
        """
        return self._lines.read_at(self._positions.get(of, ()))

    def owners(self) -> list[str]:
        """List the inputs that have results."""
        return [of for of in self._positions if of]

    def has(self, of: str) -> bool:
        """Return whether an input has results.

        Args:
            of: as for `claim`.
        """
        return of in self._positions

    def _read(self, of: str) -> Iterator[str]:
        for entry in self.entries(of):
            yield from entry["writes"]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _refuse_foreign(self, name: str) -> None:
        path = self.folder / name
        is_empty_folder = path.is_dir() and next(path.iterdir(), None) is None
        if os.path.lexists(path) and not is_empty_folder:
            msg = (
                f"expected no {name} yet in the folder of results, found one that no journal names "
                "as a result: move it away, or choose another folder"
            )
            raise WriteError(msg)

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            path = self.folder / name
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                if not isinstance(error, NotADirectoryError):
                    msg = f"expected to remove the outdated {path}, got {error.strerror}"
                    raise WriteError(msg) from error
            for parent in path.parents:
                if parent == self.folder or not _remove_if_empty(parent):
                    break


def is_inside(name: object) -> bool:
    """Return whether a line of a journal names a file in the folder.

    Args:
        name: relative to the folder, with forward slashes.
    """
    if not isinstance(name, str):
        return False
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _remove_if_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:  # not empty, or gone already
        return not folder.exists()
    return True
