"""Which files of a run's folder are those of a shard, while another process may do the same one."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import WriteError
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.owned_files import OwnedFiles
from pipeline.shards.attempts import Attempts


class SharedFiles(OwnedFiles):
    """Never remove what another process may have just finished.

    What was made of an input before is written over, and only the rest of it is removed, when the
    input is complete: there is no moment at which a file is gone that a process counts as done.

    Args:
        folder: of the run.
        lines: of this process's journal.
        append: appends one, and gives its position.
        attempts: the other ones.
    """

    def __init__(
        self,
        folder: Path,
        lines: JournalFile,
        append: Callable[[Mapping[str, Any]], int],
        attempts: Attempts,
    ) -> None:
        super().__init__(folder, lines, append)
        self._attempts = attempts
        self._outdated: dict[str, str] = {}

    def claim(self, of: str, paths: Iterable[Path]) -> None:
        """Note which files are about to be written, see `OwnedFiles.claim`."""
        wanted = list(paths)
        super().claim(of, wanted)
        for path in wanted:
            self._outdated.pop(self._name(path), None)

    def discard(self, of: str, paths: Iterable[Path]) -> None:
        """Remove files, unless they are not claimed, or are by a process that is alive too."""
        live = self._attempts.read_live_claims()
        super().discard(of, [path for path in paths if self._name(path) not in live])

    def remove(self, of: str) -> None:
        """Note that all that was made of an input is outdated; `sweep` removes it."""
        self._outdated |= dict.fromkeys(self._read(of), of)
        self._positions.pop(of, None)
        self._latest = "", set()

    def sweep(self, of: str) -> None:
        """Remove what is outdated of an input, and was not made again.

        Args:
            of: as for `claim`.

        Raises:
            WriteError: a file cannot be removed.
        """
        names = [name for name, owner in self._outdated.items() if owner == of]
        self._remove(names)
        for name in names:
            del self._outdated[name]

    def _refuse_foreign(self, name: str) -> None:
        if name in self._outdated:
            return
        try:
            super()._refuse_foreign(name)
        except WriteError:
            if name not in self._attempts.read_live_claims():
                raise
