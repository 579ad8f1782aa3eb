"""What the lines of a journal say, and the lines that say it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, get_args

from pipeline.file_stamp import FileStamp
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow, Status

_STATUS: dict[str, Status] = {status: status for status in get_args(Status)}
"""So that images share the text."""


class JournalRow(NamedTuple):
    """What is kept in memory of an image; its line has all of it.

    Attributes:
        status: as in `ResultRow`.
        instance: as in `ResultRow`.
        position: of the line.
    """

    status: Status
    instance: str
    position: int


@dataclass(slots=True)
class JournalInput:
    """What is known of one input.

    Attributes:
        stamp: content that its results were made of, `None` if unknown.
        first: another input that its result depends on, as it is a copy of it; else empty.
        rows: by frame.
        is_complete: whether all that belongs to it is in place.
    """

    stamp: FileStamp | None = None
    first: str = ""
    rows: dict[int | None, JournalRow] = field(default_factory=dict)
    is_complete: bool = False

    def can_go_on(self, stamp: FileStamp | None, first: str) -> bool:
        """Return whether finished frames can be kept and only the others be done."""
        if self.stamp is None or stamp is None or self.is_complete:
            return False
        return bool(stamp.sha256) and (self.stamp.sha256, self.first) == (stamp.sha256, first)

    def look_again(self, path: Path) -> FileStamp | None:
        """Give the stamp if all is done, and of this content."""
        return self.stamp.look_again(path) if self.stamp and self.is_complete else None

    def drop_failed(self) -> None:
        """Forget failed frames, so that they are tried again."""
        self.rows = {frame: row for frame, row in self.rows.items() if row.status != "failed"}


class JournalContents:
    """Is built line by line.

    Attributes:
        settings: fingerprint of the run, `None` if the journal is empty.
        adopts: whether an earlier journal was damaged, so that what is in the way may be ours.
        processes: that have written into the folder.
        inputs: by path relative to the input folder.
        is_finished: whether the tables are written and nothing has changed since.
    """

    def __init__(self) -> None:
        self.settings: str | None = None
        self.adopts = False
        self.processes: set[str] = set()
        self.inputs: dict[str, JournalInput] = {}
        self.is_finished = False

    def replay(self, position: int, entry: Mapping[str, Any]) -> None:
        """Take note of a line; those with ``writes`` are for `OwnedFiles`.

        Raises:
            ValueError: it is not what a journal has.
        """
        try:
            self._replay(position, entry)
        except (KeyError, TypeError, AttributeError) as error:
            msg = f"expected a line of a journal, got {sorted(entry)}"
            raise ValueError(msg) from error

    def input(self, file: str) -> JournalInput:
        """Return what is known of an input, and remember it from now on."""
        return self.inputs.setdefault(file, JournalInput())

    def may_keep(self, file: str, *, whole: bool) -> bool:
        """Return whether the finished part of an input can be kept; a failed part is done again."""
        known = self.inputs.get(file)
        if known is None or (whole and not known.is_complete):
            return False
        if not known.is_complete:
            known.drop_failed()
        return True

    def add(self, row: ResultRow, position: int) -> None:
        """Note what became of an image.

        Args:
            row: replaces an earlier one of the same file and frame.
            position: of its line.
        """
        known = JournalRow(_STATUS[row.status], row.instance, position)
        self.input(row.file).rows[row.frame] = known

    def sort_rows(self) -> Iterator[JournalRow]:
        """Yield rows by file and frame."""
        for file in sorted(self.inputs):
            rows = self.inputs[file].rows
            yield from (rows[frame] for frame in sorted(rows, key=lambda frame: frame or 0))

    def find_first(self, statuses: Sequence[str], most: int) -> list[int]:
        """List the positions of the first images of some statuses, at most so many of each."""
        positions: dict[str, list[int]] = {status: [] for status in statuses}
        for row in self.sort_rows():
            if row.status in positions and len(positions[row.status]) < most:
                positions[row.status].append(row.position)
        return [position for found in positions.values() for position in found]

    def count(self) -> dict[str, int]:
        """Count the images of each status."""
        counts = dict.fromkeys(("ok", "no_lesion", "skipped", "failed"), 0)
        for row in self.sort_rows():
            counts[row.status] += 1
        return counts

    def list_entries(
        self,
        read_at: Callable[[Iterable[int]], Iterator[dict[str, Any]]],
        read_claims: Callable[[str], Iterator[dict[str, Any]]],
    ) -> Iterator[dict[str, Any]]:
        """List the lines that are still valid, for the short journal of a finished run.

        Args:
            read_at: gives lines by their positions.
            read_claims: gives the lines about what was made of an input, or of none.
        """
        yield from read_claims("")
        for file, known in sorted(self.inputs.items()):
            yield describe_begin(file, known)
            yield from read_claims(file)
            yield from read_at(row.position for row in known.rows.values())
            if known.is_complete:
                yield {"complete": file}
        yield {"finished": True}

    def _replay(self, position: int, entry: Mapping[str, Any]) -> None:
        self.is_finished = "finished" in entry or (self.is_finished and "stamp" in entry)
        if "settings" in entry:
            self.settings, self.adopts = str(entry["settings"]), bool(entry["adopts"])
        elif "process" in entry:
            self.processes.add(str(entry["process"]))
        elif "begin" in entry:
            stamp = None if entry["stamp"] is None else FileStamp(**entry["stamp"])
            self.inputs[entry["begin"]] = JournalInput(stamp, entry["first"])
        elif "stamp" in entry:
            self.inputs[entry["of"]].stamp = FileStamp(**entry["stamp"])
        elif "row" in entry:
            row = make_record(entry).row
            self.add(row, position)
        elif "complete" in entry:
            self.input(entry["complete"]).is_complete = True
        elif "forget" in entry:
            self.inputs.pop(entry["forget"], None)
        elif not {"writes", "finished", "at"} & entry.keys():
            raise KeyError(*entry)


def describe_begin(file: str, known: JournalInput) -> dict[str, Any]:
    """Make the line that begins an input."""
    stamp = None if known.stamp is None else asdict(known.stamp)
    return {"begin": file, "stamp": stamp, "first": known.first}


def describe_record(record: ImageRecord) -> dict[str, Any]:
    """Make the line of an image.

    Args:
        record: its fields are not copied to their depth as `asdict` does: contours are long.
    """
    entry = {field.name: getattr(record, field.name) for field in fields(record)}
    return {**entry, "row": asdict(record.row)}


def make_record(entry: Mapping[str, Any]) -> ImageRecord:
    """Make the record of an image from its line.

    Args:
        entry: by `describe_record`.
    """
    return ImageRecord(**{**entry, "row": ResultRow(**entry["row"])})
