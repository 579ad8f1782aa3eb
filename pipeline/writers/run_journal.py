"""The table of a run, kept so that a killed run goes on where it stopped."""

import csv
import hashlib
import io
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pipeline.atomic import write_atomically
from pipeline.errors import WriteError

logger = logging.getLogger(__name__)

FAILED_EXIT_CODE = 2
"""Exit code of a run in which a file failed; all others were processed or skipped."""

Status = Literal["ok", "no_lesion", "skipped", "failed"]
"""What became of an image: lesions found, none found, not taken, or broken."""


@dataclass(frozen=True)
class ResultRow:
    """One line of ``results.csv``.

    Attributes:
        file: path relative to the input folder, with forward slashes.
        frame: number of the frame from 1; `None` for a file with a single one, or as a whole.
        status: what became of it.
        reason: why it was skipped or failed, else empty.
        lesions: number of lesions.
        area_px: their pixels together.
        probability: that there is a lesion at all, 0 to 1.
        seconds: from opening the file to the last output.
    """

    file: str
    frame: int | None
    status: Status
    reason: str = ""
    lesions: int | None = None
    area_px: int | None = None
    probability: float | None = None
    seconds: float | None = None


class RunJournal:
    """Collect the rows of a run, and write ``results.csv`` when it ends.

    While the run goes on, each finished image is a line of ``results.partial.jsonl``. A run that
    finds that file, written with the same settings, takes over its finished images and does the
    rest; failed ones are tried again. ``results.csv`` appears whole or not at all.

    Args:
        output_dir: the run's folder; made if missing.
        settings: whatever changes the results; `Path` values count by their files' content.
    """

    def __init__(self, output_dir: str | Path, settings: Mapping[str, Any]) -> None:
        self.table_path = Path(output_dir) / "results.csv"
        self.partial_path = Path(output_dir) / "results.partial.jsonl"
        self.failed = 0
        self._fingerprint = _hash_settings(settings)
        self._rows = self._take_over()
        self._started = False

    def is_done(self, file: str, frame: int | None = None) -> bool:
        """Tell whether an image was finished by the run that was interrupted."""
        return (file, frame) in self._rows

    def has_result(self, file: str, frame: int | None = None) -> bool:
        """Tell whether that run has written outputs for an image, and not skipped it."""
        row = self._rows.get((file, frame))
        return row is not None and row.status in ("ok", "no_lesion")

    def add(self, row: ResultRow) -> None:
        """Note what became of an image, after all its outputs are in place.

        Args:
            row: replaces an earlier one of the same file and frame.

        Raises:
            WriteError: the journal cannot be written.
        """
        self._rows[row.file, row.frame] = row
        if row.status == "failed":
            self.failed += 1
            frame = "" if row.frame is None else f" frame {row.frame}"
            logger.error("failed: %s%s: %s", row.file, frame, row.reason)
        self._append(asdict(row))

    def finish(self) -> None:
        """Write ``results.csv``, sorted by file and frame, and remove the journal.

        Raises:
            WriteError: the table cannot be written.
        """
        buffer = io.StringIO()
        names = [field.name for field in fields(ResultRow)]
        table = csv.DictWriter(buffer, names, lineterminator="\n")
        table.writeheader()
        for _, row in sorted(self._rows.items(), key=lambda item: (item[0][0], item[0][1] or 0)):
            table.writerow(_format_row(row))
        # A file name may hold bytes that are no UTF-8; Python has them as lone surrogates.
        write_atomically(self.table_path, buffer.getvalue().encode(errors="backslashreplace"))
        self.partial_path.unlink(missing_ok=True)
        logger.info("%s: %s", self.table_path, self._summary())

    def exit(self) -> None:
        """End the process with code 2 if any file failed.

        Raises:
            SystemExit: at least one file failed.
        """
        if self.failed:
            raise SystemExit(FAILED_EXIT_CODE)

    def _summary(self) -> str:
        counts = dict.fromkeys(("ok", "no_lesion", "skipped", "failed"), 0)
        for row in self._rows.values():
            counts[row.status] += 1
        return ", ".join(f"{count} {status}" for status, count in counts.items())

    def _take_over(self) -> dict[tuple[str, int | None], ResultRow]:
        if not self.partial_path.is_file():
            return {}
        lines = self.partial_path.read_text(encoding="utf-8", errors="replace").splitlines()
        if not lines or _parse_line(lines[0]) != {"settings": self._fingerprint}:
            logger.warning("an interrupted run had other settings or weights: starting anew")
            return {}
        columns = {field.name for field in fields(ResultRow)}
        entries = [entry for entry in map(_parse_line, lines[1:]) if entry.keys() == columns]
        rows = [ResultRow(**entry) for entry in entries]
        done = {(row.file, row.frame): row for row in rows if row.status != "failed"}
        logger.info("an interrupted run goes on: %d images are done", len(done))
        return done

    def _start_partial(self) -> None:
        head = [{"settings": self._fingerprint}, *map(asdict, self._rows.values())]
        content = "".join(json.dumps(entry) + "\n" for entry in head)
        write_atomically(self.partial_path, content.encode())

    def _append(self, entry: Mapping[str, Any]) -> None:
        if not self._started:
            self._started = True
            self._start_partial()  # with this entry, which is among the rows by now
            return
        # Opened for each line, so that nothing is left open by a run that stops anywhere.
        try:
            with self.partial_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
        except OSError as error:
            msg = f"expected to append to {self.partial_path}, got {error.strerror}"
            raise WriteError(msg) from error


def _hash_settings(settings: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(settings.items()):
        content = hash_file(value) if isinstance(value, Path) else repr(value)
        digest.update(f"{name}={content}\n".encode())
    return digest.hexdigest()


def hash_file(path: str | os.PathLike[str]) -> str:
    """Hash a file.

    Args:
        path: an existing file.

    Returns:
        SHA-256 in hexadecimal.
    """
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()


def _parse_line(line: str) -> dict[str, Any]:
    """Parse one line; the last one of a killed run may be cut off, and is taken as empty."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _format_row(row: ResultRow) -> dict[str, Any]:
    values = asdict(row)
    for name, digits in (("probability", 4), ("seconds", 3)):
        if values[name] is not None:
            values[name] = f"{values[name]:.{digits}f}"
    return values
