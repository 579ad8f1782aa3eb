"""Where the plan, the journals and the completion of shards are."""

from pathlib import Path

from pipeline.journal.holds_results import PLAN, SHARDS

_PACKED = "packed"


class ShardFolder:
    """Names of files in the folder of a run in shards."""

    def __init__(self, output_dir: Path) -> None:
        self.output_dir = output_dir
        self.path = output_dir / SHARDS
        self.plan = self.path / PLAN
        self.record = self.path / "run.json"
        self.merged = self.path / "merged.json"

    def of(self, number: int) -> Path:
        """Name the folder of a shard.

        Args:
            number: of the shard, from 0.
        """
        return self.path / f"{number:05d}"

    def list(self, number: int, digest: str) -> Path:
        """Name the list of a shard's files.

        Args:
            number: of the shard, from 0.
            digest: of its content, so that no list is ever written over.
        """
        return self.of(number) / f"files-{digest}.jsonl"

    def done(self, number: int) -> Path:
        """Name the file that says that a shard is complete.

        Args:
            number: of the shard, from 0.
        """
        return self.of(number) / "done.json"

    def packed(self, number: int) -> Path:
        """Name the archive that `pack_shard` moves the results of a shard to.

        Args:
            number: of the shard, from 0.
        """
        return self.output_dir / _PACKED / f"{number:05d}.tar"
