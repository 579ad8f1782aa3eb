"""The results of a run, kept so that a killed run goes on where it stopped."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pipeline.atomic import write_atomically
from pipeline.errors import WriteError
from pipeline.get_logger import get_logger
from pipeline.hash_file import hash_file
from pipeline.write_table import write_table
from pipeline.writers.finished_run import FinishedRun, ImageRecord
from pipeline.writers.result_row import ResultRow
from pipeline.writers.writer import Writer

logger = get_logger(__name__)

FAILED_EXIT_CODE = 2
"""Exit code of a run in which a file failed; all others were processed or skipped."""

_Key = tuple[str, int | None]


class RunJournal:
    """Collect the results of a run, and write ``results.csv`` when it ends.

    While the run goes on, each finished image is a line of ``results.partial.jsonl``. A run that
    finds that file, written with the same settings, takes over its finished images and does the
    rest; failed ones are tried again. ``results.csv`` appears whole or not at all.

    Args:
        output_dir: the run's folder; made if missing.
        settings: whatever changes the results; `Path` values count by their files' content.
        whole_files: take over only files of which all frames were finished and `complete` was
            called, as there is output that belongs to a whole file.
    """

    def __init__(
        self, output_dir: str | Path, settings: Mapping[str, Any], *, whole_files: bool = False
    ) -> None:
        self.table_path = Path(output_dir) / "results.csv"
        self.partial_path = Path(output_dir) / "results.partial.jsonl"
        self.failed = 0
        self._settings = dict(settings)
        self._fingerprint = _hash_settings(settings)
        self._whole_files = whole_files
        self._offsets: dict[_Key, int] = {}
        self._rows: dict[_Key, ResultRow] = {}
        self._broken: set[str] = set()
        self._end = 0
        self._take_over()

    def is_done(self, file: str, frame: int | None = None) -> bool:
        """Tell whether an image was finished by the run that was interrupted."""
        return (file, frame) in self._rows

    def has_result(self, file: str, frame: int | None = None) -> bool:
        """Tell whether that run has written outputs for an image, and not skipped it."""
        row = self._rows.get((file, frame))
        return row is not None and row.status in ("ok", "no_lesion")

    def instances(self) -> dict[str, str]:
        """Map the instances that are done to their files."""
        return {row.instance: row.file for row in self._rows.values() if row.instance}

    def add(self, image: ResultRow | ImageRecord) -> None:
        """Note what became of an image, after all its outputs are in place.

        Args:
            image: replaces an earlier one of the same file and frame. A row alone is enough for
                an image that was not processed.

        Raises:
            WriteError: the journal cannot be written.
        """
        record = ImageRecord(image) if isinstance(image, ResultRow) else image
        row = record.row
        if row.status == "failed":
            self.failed += 1
            self._broken.add(row.file)
            frame = "" if row.frame is None else f" frame {row.frame}"
            logger.error("failed: %s%s: %s", row.file, frame, row.reason)
        self._offsets[row.file, row.frame] = self._append(_make_entry(record))
        self._rows[row.file, row.frame] = row

    def complete(self, file: str) -> None:
        """Note that whatever belongs to a whole file is in place.

        A file of which anything has failed is not complete: it is tried again as a whole.

        Args:
            file: path relative to the input folder.

        Raises:
            WriteError: the journal cannot be written.
        """
        if self._whole_files and file not in self._broken:
            self._append({"complete": file})

    def finish(self, writers: Sequence[Writer] = ()) -> None:
        """Write ``results.csv``, sorted by file and frame, then remove the journal.

        Args:
            writers: are told of the whole run before the journal is removed.

        Raises:
            WriteError: a file cannot be written.
        """
        run = FinishedRun(
            records=self._read_records,
            counts=self._count(),
            settings=self._settings,
            fingerprint=self._fingerprint,
        )
        for writer in writers:
            writer.write_run(run)
        self._write_table()
        self.partial_path.unlink(missing_ok=True)
        counts = ", ".join(f"{count} {status}" for status, count in run.counts.items())
        logger.info("%s: %s", self.table_path, counts)

    def exit(self) -> None:
        """End the process with code 2 if any file failed.

        Raises:
            SystemExit: at least one file failed.
        """
        if self.failed:
            raise SystemExit(FAILED_EXIT_CODE)

    def _write_table(self) -> None:
        names = [field.name for field in fields(ResultRow)]
        rows = (self._rows[key].format() for key in self._sorted_keys())
        write_table(self.table_path, names, rows)

    def _sorted_keys(self) -> list[_Key]:
        return sorted(self._rows, key=lambda key: (key[0], key[1] or 0))

    def _read_records(self) -> Iterator[ImageRecord]:
        """Read the records back one at a time; those of a large run do not fit into memory."""
        if not self._offsets:
            return
        with self.partial_path.open("rb") as file:
            for key in self._sorted_keys():
                file.seek(self._offsets[key])
                yield _make_record(json.loads(file.readline()))

    def _count(self) -> dict[str, int]:
        counts = dict.fromkeys(("ok", "no_lesion", "skipped", "failed"), 0)
        for row in self._rows.values():
            counts[row.status] += 1
        return counts

    def _take_over(self) -> None:
        if not self.partial_path.is_file():
            return
        complete: set[str] = set()
        with self.partial_path.open("rb") as file:
            if _parse_line(file.readline()) != {"settings": self._fingerprint}:
                logger.warning("an interrupted run had other settings or weights: starting anew")
                return
            offset = file.tell()
            for line in file:
                if not line.endswith(b"\n"):
                    break  # cut off when the run was killed: the next line takes its place
                entry = _parse_line(line)
                if "complete" in entry:
                    complete.add(entry["complete"])
                elif "row" in entry:
                    row = _make_record(entry).row
                    self._rows[row.file, row.frame] = row
                    self._offsets[row.file, row.frame] = offset
                offset += len(line)
        self._end = offset
        for key, row in list(self._rows.items()):
            is_whole = row.status == "skipped" or row.file in complete
            if row.status == "failed" or (self._whole_files and not is_whole):
                del self._rows[key], self._offsets[key]
        logger.info("an interrupted run goes on: %d images are done", len(self._rows))

    def _append(self, entry: Mapping[str, Any]) -> int:
        """Write a line, and give the position of its first byte."""
        if self._end == 0:
            head = json.dumps({"settings": self._fingerprint}).encode() + b"\n"
            write_atomically(self.partial_path, head)
            self._end = len(head)
        line = json.dumps(entry).encode() + b"\n"
        offset = self._end
        # Opened for each line, so that nothing is left open by a run that stops anywhere.
        try:
            with self.partial_path.open("r+b") as file:
                file.seek(offset)
                file.write(line)
                file.truncate()
        except OSError as error:
            msg = f"expected to append to {self.partial_path}, got {error.strerror}"
            raise WriteError(msg) from error
        self._end += len(line)
        return offset


def _hash_settings(settings: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(settings.items()):
        content = hash_file(value) if isinstance(value, Path) else repr(value)
        digest.update(f"{name}={content}\n".encode())
    return digest.hexdigest()


def _parse_line(line: bytes) -> dict[str, Any]:
    """Parse one line; the last one of a killed run may be cut off, and is taken as empty."""
    try:
        entry = json.loads(line)
        if isinstance(entry, dict) and ("row" not in entry or _make_record(entry)):
            return entry
    except (ValueError, TypeError):
        pass
    return {}


def _make_entry(record: ImageRecord) -> dict[str, Any]:
    """Give the fields by name, not copied to their depth as `asdict` does: contours are long."""
    entry = {field.name: getattr(record, field.name) for field in fields(record)}
    return {**entry, "row": asdict(record.row)}


def _make_record(entry: Mapping[str, Any]) -> ImageRecord:
    return ImageRecord(**{**entry, "row": ResultRow(**entry["row"])})
