"""Remove the tables of a run that changes."""

from pipeline.errors import WriteError
from pipeline.journal.owned_files import is_inside
from pipeline.shards.read_state import read_state
from pipeline.shards.shard_folder import ShardFolder


def unmerge(folder: ShardFolder) -> None:
    """Remove what `merge_shards` has written.

    Raises:
        ConfigError: what names the tables is damaged.
        WriteError: one cannot be removed.
    """
    content = read_state(folder.merged)
    if content is None:
        return
    try:
        for name in filter(is_inside, content.get("tables", ())):
            path = folder.output_dir / name
            path.unlink(missing_ok=True)
            if path.parent != folder.output_dir and not any(path.parent.iterdir()):
                path.parent.rmdir()
        folder.merged.unlink(missing_ok=True)
    except OSError as error:
        msg = f"expected to remove outdated tables in {folder.output_dir}, got {error.strerror}"
        raise WriteError(msg) from error
