"""The files of a shard, as a run takes them."""

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.journal.journal_contents import JournalContents, JournalInput
from pipeline.journal.journal_file import JournalFile
from pipeline.shards.shard import Shard
from pipeline.shards.shard_done import ShardDone
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan


def list_shard(dataset_dir: str | Path, output_dir: str | Path, shard: str) -> list[Path]:
    """List the files of a shard that are still there, in the order of the walk.

    Of one that is packed, none: all of it is done.

    Args:
        dataset_dir: folder of images, or a single image.
        output_dir: the run's folder, which has a plan.
        shard: as ``K/N``.

    Raises:
        ConfigError: there is no such plan, all of the files are gone, or the shard is packed and
            its files are not what it was made of.
    """
    source, folder = Path(dataset_dir), ShardFolder(Path(output_dir))
    wanted = Shard.parse(shard)
    plan = ShardPlan.read(folder)
    if plan is None:
        msg = f"expected a plan in {folder.path}, found none: run `breast-us-seg plan` first"
        raise ConfigError(msg)
    plan.check(wanted, folder)
    root = source if source.is_dir() else source.parent
    names = plan.read_files(wanted.number, folder)
    archive = folder.packed(wanted.number)
    if archive.exists():
        done = ShardDone.read(folder, wanted.number)
        if (
            done is None
            or done.list != plan.lists[wanted.number]
            or not _have_same_content(names, root, folder.of(wanted.number) / done.journal)
        ):
            place = archive.relative_to(folder.output_dir).as_posix()
            msg = (
                f"expected {archive} to hold what its images give now, some are other ones, new or "
                f"gone: `tar -xf {place}` in the folder of the results, remove the archive, and "
                "run the shard again"
            )
            raise ConfigError(msg)
        return []
    planned = [root / file for file in names]
    files = [path for path in planned if path.exists() or path.is_symlink()]
    if planned and not files:
        msg = (
            f"expected the files of shard {wanted} below {root}, all are gone: name the folder "
            "that was planned, or plan again"
        )
        raise ConfigError(msg)
    return files


def _have_same_content(names: Sequence[str], root: Path, journal: Path) -> bool:
    """Return whether files are what the results of a complete shard were made of."""
    contents = JournalContents()
    for position, entry in JournalFile(journal).read():
        contents.replay(position, entry)
    return all(_is_as_known(root / name, contents.inputs.get(name)) for name in names)


def _is_as_known(path: Path, known: JournalInput | None) -> bool:
    if known is None or known.stamp is None:  # it was gone before its turn came
        return not os.path.lexists(path)
    return known.stamp.look_again(path) is not None
