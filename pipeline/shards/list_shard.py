"""The files of a shard, as a run takes them."""

from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.shards.shard import Shard
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan


def list_shard(dataset_dir: str | Path, output_dir: str | Path, shard: str) -> list[Path]:
    """List the files of a shard that are still there, in the order of the walk.

    Args:
        dataset_dir: folder of images, or a single image.
        output_dir: the run's folder, which has a plan.
        shard: as ``K/N``.

    Raises:
        ConfigError: there is no such plan, all of the files are gone, or the shard is packed.
    """
    source, folder = Path(dataset_dir), ShardFolder(Path(output_dir))
    wanted = Shard.parse(shard)
    plan = ShardPlan.read(folder)
    if plan is None:
        msg = f"expected a plan in {folder.path}, found none: run `breast-us-seg plan` first"
        raise ConfigError(msg)
    plan.check(wanted, folder)
    folder.refuse_packed(wanted.number)
    root = source if source.is_dir() else source.parent
    planned = [root / file for file in plan.read_files(wanted.number, folder)]
    files = [path for path in planned if path.exists() or path.is_symlink()]
    if planned and not files:
        msg = (
            f"expected the files of shard {wanted} below {root}, all are gone: name the folder "
            "that was planned, or plan again"
        )
        raise ConfigError(msg)
    return files
