"""How far a run in shards is."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.shards.shard_done import ShardDone
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan


@dataclass(frozen=True)
class ShardStatus:
    """Which shards are complete.

    Attributes:
        plan: of the run.
        done: by number of the shard; those without files need none.
        folder: of the run.
    """

    plan: ShardPlan
    done: dict[int, ShardDone]
    folder: ShardFolder

    @classmethod
    def read(cls, output_dir: Path) -> "ShardStatus":
        """Look at a run.

        Raises:
            ConfigError: there is no plan, or a file is damaged.
        """
        folder = ShardFolder(output_dir)
        plan = ShardPlan.read(folder)
        if plan is None:
            msg = f"expected a plan in {folder.path}, found none: run `breast-us-seg plan` first"
            raise ConfigError(msg)
        done = {}
        for number, digest in enumerate(plan.lists):
            known = ShardDone.read(folder, number) if digest else None
            if known is not None and known.list == digest:
                done[number] = known
        return cls(plan, done, folder)

    @property
    def missing(self) -> list[int]:
        """Numbers of shards that are to be run."""
        lists = enumerate(self.plan.lists)
        return [number for number, digest in lists if digest and number not in self.done]

    @property
    def failed(self) -> list[int]:
        """Numbers of complete shards in which files have failed."""
        return [number for number, done in self.done.items() if done.images.get("failed")]

    @property
    def images(self) -> dict[str, int]:
        """Number of images of each status, in complete shards."""
        counts = dict.fromkeys(("ok", "no_lesion", "skipped", "failed"), 0)
        for done in self.done.values():
            for status in counts:
                counts[status] += done.images.get(status, 0)
        return counts


def format_numbers(numbers: Iterable[int]) -> str:
    """Write numbers as ``sbatch --array`` reads them.

    Examples:
        >>> format_numbers([1, 2, 5, 6, 7, 9])
        '1-2,5-7,9'
    """
    runs = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        found = [number for _, number in run]
        runs.append(str(found[0]) if len(found) == 1 else f"{found[0]}-{found[-1]}")
    return ",".join(runs)
