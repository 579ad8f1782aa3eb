"""What other processes have done of a shard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.journal.journal_contents import JournalContents, JournalInput, describe_begin
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.owned_files import is_inside

SUFFIX = ".jsonl"
"""Of a journal; lists of files have it too, with a name that begins with `_LIST`."""

_LIST = "files-"


class Attempts:
    """Read the journals of a shard; each was written by one process, and is by no other one.

    Args:
        folder: of the shard.
        own: journal of this process, which is left out.
    """

    def __init__(self, folder: Path, own: Path | None = None) -> None:
        self.folder = folder
        self.adopts = False
        """Whether one of them was damaged, so that what is in the way may be ours."""
        self.processes: set[str] = set()
        """Names of the processes that have written them."""
        self.claims: dict[str, set[str]] = {}
        """By input, names of the files that any of them has made, or was about to make."""
        self._own = own
        self._sizes: dict[Path, int] = {}

    def list_journals(self) -> list[Path]:
        """List the journals, the one that was written to last at the end."""
        paths = [
            path
            for path in self.folder.glob(f"*{SUFFIX}")
            if not path.name.startswith(_LIST) and path != self._own
        ]
        return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def collect(self) -> Iterator[dict[str, Any]]:
        """Yield what all of them know, as the lines of one journal.

        An input that one of them has completed is complete; else what the last one has done of it
        counts.
        """
        best: dict[str, tuple[JournalInput, JournalFile]] = {}
        for path in self.list_journals():
            lines = JournalFile(path)
            contents = self._read(lines)
            self._sizes[path] = path.stat().st_size
            for file, known in contents.inputs.items():
                if known.is_complete or file not in best or not best[file][0].is_complete:
                    best[file] = known, lines
        for file, (known, lines) in best.items():
            yield describe_begin(file, known)
            yield from lines.read_at(row.position for row in known.rows.values())
            if known.is_complete:
                yield {"complete": file}
        for file, names in self.claims.items():
            yield {"writes": sorted(names), "of": file}

    def read_live_claims(self) -> set[str]:
        """Give the files of those that have written anything since `collect`."""
        others = Attempts(self.folder)
        for path in self.list_journals():
            if path.stat().st_size != self._sizes.get(path, 0):
                others._read(JournalFile(path))
        return set().union(*others.claims.values())

    def _read(self, lines: JournalFile) -> JournalContents:
        contents = JournalContents()
        is_sound = True
        for position, entry in lines.read():
            try:
                contents.replay(position, entry)
                if "writes" in entry:
                    names = [name for name in entry["writes"] if is_inside(name)]
                    self.claims.setdefault(entry["of"], set()).update(names)
            except (ValueError, TypeError, KeyError):
                is_sound = False
        self.processes |= contents.processes
        if lines.is_damaged or not is_sound:
            contents.inputs.clear()
        self.adopts |= contents.adopts or lines.is_damaged or lines.is_cut_off or not is_sound
        return contents
