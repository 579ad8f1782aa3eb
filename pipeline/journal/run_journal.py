"""What became of each input, kept so that the next run does only what is new."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.atomic import name_process
from pipeline.errors import WriteError
from pipeline.file_stamp import FileStamp
from pipeline.get_logger import get_logger
from pipeline.journal.holds_results import JOURNAL, holds_shards
from pipeline.journal.journal_contents import (
    JournalContents,
    JournalInput,
    describe_begin,
    describe_record,
    make_record,
)
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.log_summary import LEFT_OUT, MOST_REASONS, log_summary
from pipeline.journal.owned_files import OwnedFiles
from pipeline.journal.read_journal import read_journal
from pipeline.journal.run_identity import RunIdentity
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer
from pipeline.write_table import write_table

logger = get_logger(__name__)

FAILED_EXIT_CODE = 2
"""Exit code of a run in which a file failed, or no image could be segmented."""


class RunJournal:
    """Know what is done and which files of the folder are ours; write ``results.csv`` at the end.

    Each step is a line of ``breast-us-seg.jsonl`` before the next one begins, and what is about to
    be written is named there first. So a run that is killed goes on, a finished one knows that
    there is nothing to do, results of an input that has changed or is gone are removed, and files
    of somebody else are never touched. While a run changes anything there are no tables.

    A ``file`` is a path relative to the input folder, with forward slashes.

    Args:
        output_dir: the run's folder; made if missing.
        identity: results of another one are removed, and all is done again.
        whole_files: take over only files whose frames were all finished and `complete` was
            called, as there is output that belongs to a whole file.
    """

    is_stopped = False
    """Whether the run is to end before the next file."""

    def __init__(
        self, output_dir: str | Path, identity: RunIdentity, *, whole_files: bool = False
    ) -> None:
        self.folder = Path(output_dir)
        self.table_path = self.folder / "results.csv"
        self.failed = 0
        self._identity = identity
        self._whole_files = whole_files
        self._lines = JournalFile(self.folder / JOURNAL)
        self.files = OwnedFiles(self.folder, self._lines, self._append)
        self._contents = JournalContents()
        self._kept: set[str] = set()
        self._broken: set[str] = set()
        self._is_changing = False

    def start(self, writers: Sequence[Writer] = ()) -> None:
        """Take over the work of earlier runs, and remove what cannot be taken over.

        Raises:
            WriteError: the folder holds files of their names that no run has written; or the
                journal cannot be read, or stale results cannot be removed.
        """
        if holds_shards(self.folder):
            msg = (
                f"expected a folder of one run, found {self.folder} split into shards: run one "
                "of them by --shard, or choose another folder"
            )
            raise WriteError(msg)
        if not read_journal(self._lines, self._contents, self.files):
            self._start_over()
        contents = self._contents
        tables = [self.table_path, *(writer.path for writer in writers if writer.path is not None)]
        roots = [writer.root for writer in writers if writer.root is not None]
        self.files.check(tables if contents.settings else [*tables, *roots])
        if not contents.is_finished:
            self.files.remove_temporaries(contents.processes)
        is_other = contents.settings not in (None, self._identity.fingerprint)
        if is_other:
            other = "other settings, weights, version or backend"
            logger.warning("results of %s are removed, and all is done again", other)
        self._take_over(is_other=is_other)
        if is_other:
            self._append(self._describe_settings())

    def keep_only(self, files: Collection[str]) -> None:
        """Remove the results of inputs that are gone.

        Raises:
            WriteError: a result cannot be removed.
        """
        gone = [file for file in self._contents.inputs if file not in files]
        for file in gone:
            self.forget(file)
        if gone:
            logger.info("%d inputs are gone: their results are removed", len(gone))

    def keeps(self, file: str, path: Path) -> bool:
        """Return whether a file is done, and its content at `path` still the same.

        Raises:
            WriteError: the journal cannot be written.
        """
        known = self._contents.inputs.get(file)
        if known is None or (known.first and known.first not in self._kept):
            return False
        stamp = known.look_again(path)
        if stamp is None:
            return False
        if stamp is not known.stamp:
            known.stamp = stamp
            self._lines.append({"stamp": asdict(stamp), "of": file})
        self._kept.add(file)
        return True

    def begin(self, file: str, stamp: FileStamp | None, first: str = "") -> None:
        """Note that a file is being done; results of other content are removed.

        Args:
            file: see above.
            stamp: its content; `None` if unknown.
            first: another file that its result depends on.

        Raises:
            WriteError: the journal cannot be written, or a stale result cannot be removed.
        """
        known = self._contents.inputs.get(file)
        if known is not None and known.can_go_on(stamp, first) and not self._whole_files:
            return
        self.forget(file)
        self._change()
        known = self._contents.inputs[file] = JournalInput(stamp, first)
        self._lines.delay(describe_begin(file, known))

    def forget(self, file: str) -> None:
        """Remove the results of a file, which is gone or will be done again.

        Raises:
            WriteError: a result cannot be removed.
        """
        if file in self._contents.inputs or self.files.has(file):
            self._append({"forget": file})
            self.files.remove(file)
            self._contents.inputs.pop(file, None)
            self._kept.discard(file)

    def is_done(self, file: str, frame: int | None = None) -> bool:
        """Return whether an image is done, of a file that was begun."""
        return file in self._contents.inputs and frame in self._contents.inputs[file].rows

    def leaves_out(self, file: str) -> bool:
        """Return whether a file is for another process."""
        return False

    def visit(self, file: str) -> None:
        """Note that a file is going to be opened.

        Raises:
            ReadError: it must not be.
        """

    def list_done(self) -> dict[str, JournalInput]:
        """List the inputs that are complete."""
        inputs = self._contents.inputs.items()
        return {file: known for file, known in inputs if known.is_complete}

    def add(self, image: ResultRow | ImageRecord) -> None:
        """Record an image, after all its outputs are in place.

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
        position = self._append(describe_record(record))
        self._contents.add(row, position)

    def complete(self, file: str) -> None:
        """Record that all outputs of a file are in place.

        A file with a failed image is not complete: it is tried again.

        Raises:
            WriteError: the journal cannot be written.
        """
        if file not in self._broken:
            self._append({"complete": file})
            self._contents.input(file).is_complete = True

    def finish(self, writers: Sequence[Writer] = ()) -> None:
        """Write ``results.csv``, sorted by file and frame, and the other files of the whole run.

        Raises:
            WriteError: a file cannot be written.
        """
        run = FinishedRun(
            records=self._read_records,
            counts=self._contents.count(),
            settings=self._identity.settings,
            fingerprint=self._identity.fingerprint,
        )
        if self._contents.is_finished:
            logger.info("nothing to do, all is done already")
            log_summary(self._read_left_out(), run.counts, self.table_path, writers)
            return
        self._change()
        of_run = [path for writer in writers for path in writer.list_run_files(run)]
        self.files.claim("", [self.table_path, *of_run])
        for writer in writers:
            writer.write_run(run)
        rows = (record.row.format() for record in run.records())
        write_table(self.table_path, [field.name for field in fields(ResultRow)], rows)
        left_out = self._read_left_out()  # their lines move
        entries = self._contents.list_entries(self._lines.read_at, self.files.entries)
        self._contents.adopts = False
        self._lines.replace(chain([self._describe_settings()], entries))
        self._contents.is_finished = True
        log_summary(left_out, run.counts, self.table_path, writers)

    def exit(self) -> None:
        """End the process with code 2 if any file failed, or nothing could be segmented.

        Raises:
            SystemExit: at least one file failed, or no image was processed.
        """
        if self.failed or not any(map(self._contents.count().get, ("ok", "no_lesion"))):
            raise SystemExit(FAILED_EXIT_CODE)

    def _take_over(self, *, is_other: bool = False) -> None:
        contents = self._contents
        for file in dict.fromkeys([*contents.inputs, *self.files.owners()]):
            if is_other or not contents.may_keep(file, whole=self._whole_files):
                self.forget(file)
        if not is_other and contents.inputs and not contents.is_finished:
            done = sum(len(known.rows) for known in contents.inputs.values())
            logger.info("the run goes on: %d images are done already", done)

    def _start_over(self) -> None:
        """Remove what a damaged journal still names, and begin a new one."""
        self.files.remove_temporaries(self._contents.processes)
        for file in ["", *self.files.owners()]:
            self.files.remove(file)
        aside = self._lines.set_aside()
        msg = "expected a journal in %s, got damaged lines: it is now %s, and all is done again"
        logger.warning(msg, self._lines.path, aside.name)
        self._contents = JournalContents()
        self._contents.adopts = self.files.adopts = True

    def _append(self, entry: Mapping[str, Any]) -> int:
        self._change()
        return self._lines.append(entry)

    def _change(self) -> None:
        """Before anything changes: record this process, and remove the tables."""
        if self._is_changing:
            return
        self._is_changing, self._contents.is_finished = True, False
        known = self._contents.settings or self._identity.fingerprint
        self._lines.append({**self._describe_settings(), "settings": known})
        self._lines.append({"process": name_process()})
        self.files.remove("")

    def _describe_settings(self) -> dict[str, Any]:
        return {"settings": self._identity.fingerprint, "adopts": self._contents.adopts}

    def _read_records(self) -> Iterator[ImageRecord]:
        """Read the records back one at a time; those of a large run do not fit into memory."""
        positions = (row.position for row in self._contents.sort_rows())
        return map(make_record, self._lines.read_at(positions))

    def _read_left_out(self) -> list[ResultRow]:
        """Read the first images of each status whose reasons are logged."""
        positions = self._contents.find_first(LEFT_OUT, MOST_REASONS)
        return [make_record(entry).row for entry in self._lines.read_at(positions)]
