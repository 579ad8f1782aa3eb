"""Remove what processes have left of a shard that is complete."""

from pipeline.atomic import remove_temporaries
from pipeline.errors import WriteError
from pipeline.journal.journal_contents import JournalContents
from pipeline.journal.journal_file import JournalFile
from pipeline.shards.attempts import Attempts
from pipeline.shards.shard_folder import ShardFolder


def clean_shard(folder: ShardFolder, number: int, journal: str) -> None:
    """Remove temporary files of processes, and what two at once have left of images that failed.

    Args:
        folder: of the run.
        number: of the shard, from 0.
        journal: name of the one that describes the shard.

    Raises:
        WriteError: a file cannot be read or removed.
    """
    attempts = Attempts(folder.of(number))
    if len(attempts.list_journals()) == 1:
        return
    for _ in attempts.collect():
        pass
    contents = JournalContents()
    lines = JournalFile(folder.of(number) / journal)
    for position, entry in lines.read():
        contents.replay(position, entry)
    kept: set[str] = set()
    for file, names in attempts.claims.items():
        rows = contents.inputs[file].rows.values() if file in contents.inputs else ()
        if any(row.status in ("ok", "no_lesion") for row in rows):
            kept |= names
    claimed = set().union(*attempts.claims.values())
    try:
        for name in claimed - kept:
            (folder.output_dir / name).unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to remove an outdated file in {folder.output_dir}, got {error.strerror}"
        raise WriteError(msg) from error
    for parent in {(folder.output_dir / name).parent for name in claimed}:
        for process in attempts.processes:
            if parent.is_dir():
                remove_temporaries(parent, process)
