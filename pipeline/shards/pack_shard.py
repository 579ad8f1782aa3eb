"""Put the files of a complete shard into one archive, for disks that count files."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipeline.atomic import open_atomically
from pipeline.errors import ConfigError, WriteError
from pipeline.journal.journal_file import JournalFile
from pipeline.journal.owned_files import is_inside
from pipeline.shards.clean_shard import clean_shard
from pipeline.shards.run_record import RunRecord
from pipeline.shards.shard_done import ShardDone
from pipeline.shards.shard_folder import ShardFolder
from pipeline.writers.html_report import HtmlReport

_CHUNK = 1 << 20


def pack_shard(output_dir: Path, number: int) -> Path:
    """Move the results of a shard into ``packed/NNNNN.tar``, under the names that they have.

    A file is removed once the archive on the disk holds the same bytes. Where that was interrupted,
    the next call goes on with it. The archive depends on the results alone, so that two processes
    at once write the same one, and either may remove a file first.

    Args:
        output_dir: folder of the run.
        number: of the shard, from 0.

    Returns:
        The archive.

    Raises:
        ConfigError: the shard is not complete, or its run has a report, which shows single files.
        WriteError: a file cannot be read, written or removed, or is not what the archive holds.
    """
    folder = ShardFolder(output_dir)
    done, record = ShardDone.read(folder, number), RunRecord.read(folder)
    if done is None or record is None:
        msg = f"expected shard {number} of {output_dir} to be complete, it is not: run it first"
        raise ConfigError(msg)
    if HtmlReport.__name__ in record.tables:
        msg = (
            f"expected a run without report.html in {output_dir}, as that shows the files that "
            "are packed: run the shards with --pack from the start, in another folder"
        )
        raise ConfigError(msg)
    clean_shard(folder, number, done.journal)
    archive = folder.packed(number)
    names = list(_list_files(folder, number, done.journal))
    try:
        if not archive.exists():
            _write_first(archive, output_dir, names)
        _remove_packed(archive, output_dir, set(names))
    except OSError as error:
        msg = f"expected to pack shard {number} into {archive}, got {error.strerror}"
        raise WriteError(msg) from error
    except tarfile.TarError as error:
        msg = f"expected an archive of shard {number} in {archive}, it is damaged: move it away"
        raise WriteError(msg) from error
    return archive


def _list_files(folder: ShardFolder, number: int, journal: str) -> Iterator[str]:
    """List the results that are there, sorted by name."""
    names: set[str] = set()
    for _, entry in JournalFile(folder.of(number) / journal).read():
        if entry.get("of"):
            names.update(filter(is_inside, entry.get("writes", ())))
    for name in sorted(names):
        path = folder.output_dir / name
        if path.is_file() and not path.is_symlink():
            yield name


def _write_first(archive: Path, output_dir: Path, names: list[str]) -> None:
    try:
        _write(archive, output_dir, names)
    except WriteError:
        if not archive.exists():  # else another process was first, and has begun to remove
            raise


def _write(archive: Path, output_dir: Path, names: list[str]) -> None:
    with (
        open_atomically(archive, sync=True) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as packed,
    ):
        for name in names:
            member = tarfile.TarInfo(name)
            with (output_dir / name).open("rb") as content:
                member.size = content.seek(0, 2)
                content.seek(0)
                packed.addfile(member, content)


def _remove_packed(archive: Path, output_dir: Path, names: set[str]) -> None:
    """Remove the files that are in the archive as they are on the disk."""
    with tarfile.open(archive, mode="r:") as packed:
        for member in packed:
            if member.name not in names:
                continue
            path = output_dir / member.name
            if not _is_same(path, packed.extractfile(member)):
                msg = (
                    f"expected {path} to be what {archive} holds, it is not: move the archive away "
                    "and pack again"
                )
                raise WriteError(msg)
            path.unlink(missing_ok=True)
            names.discard(member.name)
            _remove_empty(path.parent, output_dir)
    if names:
        msg = (
            f"expected {archive} to hold all results of its shard, {len(names)} are missing: move "
            "it away and pack again"
        )
        raise WriteError(msg)


def _is_same(path: Path, content: IO[bytes] | None) -> bool:
    try:
        with path.open("rb") as file:
            while content is not None and (chunk := content.read(_CHUNK)):
                if chunk != file.read(len(chunk)):
                    return False
            return not file.read(1)
    except FileNotFoundError:  # removed by another process
        return True


def _remove_empty(folder: Path, end: Path) -> None:
    while folder != end:
        try:
            folder.rmdir()
        except OSError:  # not empty, or gone already
            return
        folder = folder.parent
