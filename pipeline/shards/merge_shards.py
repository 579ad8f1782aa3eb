"""Merge all shards into one run."""

import heapq
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError, WriteError
from pipeline.journal.journal_contents import make_record
from pipeline.journal.run_lock import RunLock
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.shards.clean_shard import clean_shard
from pipeline.shards.run_record import RunRecord
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_status import ShardStatus, format_numbers
from pipeline.shards.unmerge import unmerge
from pipeline.write_table import write_table
from pipeline.writers.run_manifest import write_manifest

_TABLE, _MANIFEST = "results.csv", "run.json"
_CHUNK = 1 << 14
"""Bytes that are read of a journal at once; none stays open, as there may be thousands."""


def merge_shards(output_dir: Path) -> FinishedRun:
    """Write the tables of the whole run, as a single run would have written them.

    Journals are read in step, so that the memory grows with the number of shards, not of images.
    What processes have left that were killed, or did the same shard twice, is removed before.

    Returns:
        The run.

    Raises:
        ConfigError: a shard is missing, or was done by other settings, weights or versions.
        WriteError: a table cannot be written, or there is a file of its name that is not ours.
    """
    folder = ShardFolder(output_dir)
    with RunLock(output_dir):
        status = ShardStatus.read(output_dir)
        record = RunRecord.read(folder)
        if status.missing or record is None:
            missing = format_numbers(status.missing)
            msg = f"expected all shards of {output_dir} to be done, missing: {missing or 'all'}"
            raise ConfigError(msg)
        journals = _check(status, record, folder)
        run = FinishedRun(
            records=lambda: _merge(journals),
            counts=status.images,
            settings=record.settings,
            fingerprint=record.fingerprint,
        )
        _check_instances(run)
        for number, done in status.done.items():
            clean_shard(folder, number, done.journal)
        _write_tables(run, record, status, folder)
    return run


def _check(status: ShardStatus, record: RunRecord, folder: ShardFolder) -> list[Path]:
    journals = []
    for number, done in status.done.items():
        if done.fingerprint != record.fingerprint:
            msg = (
                f"expected shard {number} to be done by the settings, weights and versions of the "
                f"others in {folder.path}, it was done by others: remove its {done.journal} and "
                "done.json, and run it again"
            )
            raise ConfigError(msg)
        path = folder.of(number) / done.journal
        if not path.is_file():
            msg = f"expected the journal {path} of a complete shard, it is gone: run shard {number}"
            raise ConfigError(msg)
        journals.append(path)
    return journals


def _check_instances(run: FinishedRun) -> None:
    """Check that no instance is in two shards, which a plan that is out of date has let happen."""
    codes = array("Q")
    for record in run.records():
        row = record.row
        is_first = "(0008,0018)" not in row.reason and row.frame in (None, 1)
        if row.instance and row.status in ("ok", "no_lesion") and is_first:
            codes.append(int(row.instance, 16))
    values = np.array(codes)
    if len(np.unique(values)) != len(values):
        msg = (
            "expected copies of a SOPInstanceUID (0008,0018) in one shard, found some in two, as "
            "files were changed after they were planned: plan again, and run what `status` says"
        )
        raise ConfigError(msg)


def _write_tables(
    run: FinishedRun, record: RunRecord, status: ShardStatus, folder: ShardFolder
) -> None:
    unmerge(folder)
    writers = record.list_writers(folder.output_dir)
    table, manifest = folder.output_dir / _TABLE, folder.output_dir / _MANIFEST
    of_run = [path for writer in writers for path in writer.list_run_files(run)]
    paths = [table, manifest, *of_run]
    for path in paths:
        if path.exists() or path.is_symlink():
            msg = (
                f"expected no {path.name} yet in the folder of results, found one that is none of "
                "this run: move it away"
            )
            raise WriteError(msg)
    names = [path.relative_to(folder.output_dir).as_posix() for path in paths]
    write_atomically(folder.merged, json.dumps({"tables": names}).encode() + b"\n", sync=True)
    for writer in writers:
        writer.write_run(run)
    ended = max((done.ended for done in status.done.values()), default=record.started)
    times = (datetime.fromisoformat(record.started), datetime.fromisoformat(ended))
    write_manifest(manifest, record.facts, run, *times)
    columns = [field.name for field in fields(ResultRow)]
    write_table(table, columns, (each.row.format() for each in run.records()))


def _merge(journals: Sequence[Path]) -> Iterator[ImageRecord]:
    return heapq.merge(*map(_read_records, journals), key=_place)


def _place(record: ImageRecord) -> tuple[str, int]:
    return record.row.file, record.row.frame or 0


def _read_records(journal: Path) -> Iterator[ImageRecord]:
    """Read the images of a complete shard, whose journal is sorted by file."""
    records = (make_record(entry) for entry in _read_lines(journal) if "row" in entry)
    for _, images in groupby(records, key=lambda record: record.row.file):
        yield from sorted(images, key=_place)


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    position, left = 0, b""
    while True:
        try:
            with path.open("rb") as file:
                file.seek(position)
                chunk = file.read(_CHUNK)
        except OSError as error:
            msg = f"expected to read {path}, got {error.strerror}"
            raise WriteError(msg) from error
        if not chunk:
            return
        position += len(chunk)
        *lines, left = (left + chunk).split(b"\n")
        yield from map(json.loads, lines)
