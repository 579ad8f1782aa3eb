"""Which files each shard has."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from pipeline.errors import ConfigError
from pipeline.hash_file import hash_file
from pipeline.shards.read_state import read_state
from pipeline.shards.shard import Shard
from pipeline.shards.shard_folder import ShardFolder

DIGITS = 16
"""Of the SHA-256 of a list."""


@dataclass(frozen=True)
class ShardPlan:
    """The plan of a run in shards, see `make_plan`.

    Attributes:
        shards: how many there are.
        counts: of each one its files.
        lists: of each one the first digits of the SHA-256 of its list; empty for no files.
    """

    shards: int
    counts: Sequence[int]
    lists: Sequence[str]

    @classmethod
    def read(cls, folder: ShardFolder) -> "ShardPlan | None":
        """Read the plan of a folder.

        Returns:
            The plan, `None` if there is none.

        Raises:
            ConfigError: it is damaged.
        """
        content = read_state(folder.plan)
        if content is None:
            return None
        try:
            plan = cls(**{field.name: content[field.name] for field in fields(cls)})
            is_sound = len(plan.counts) == len(plan.lists) == plan.shards
        except (KeyError, TypeError):
            is_sound = False
        if not is_sound:
            msg = f"expected a plan in {folder.plan}, got something else: choose another folder"
            raise ConfigError(msg)
        return plan

    @property
    def files(self) -> int:
        """Number of files."""
        return sum(self.counts)

    def encode(self) -> bytes:
        """Give the content of its file."""
        return json.dumps(asdict(self)).encode() + b"\n"

    def check(self, shard: Shard, folder: ShardFolder) -> None:
        """Check that a shard is one of this plan.

        Raises:
            ConfigError: the plan has another number of shards.
        """
        if shard.count != self.shards:
            msg = (
                f"expected {self.shards} shards, as the plan in {folder.path} says, got "
                f"{shard.count}: choose another folder for another plan"
            )
            raise ConfigError(msg)

    def read_files(self, number: int, folder: ShardFolder) -> list[str]:
        """Read the files of a shard, in the order of the walk.

        Args:
            number: of the shard, from 0.
            folder: of the run.

        Returns:
            Paths relative to the input folder, with forward slashes.

        Raises:
            ConfigError: the list is missing or damaged.
        """
        digest = self.lists[number]
        if not digest:
            return []
        path = folder.list(number, digest)
        try:
            if hash_file(path)[:DIGITS] != digest:
                msg = f"expected the list of the plan in {path}, it is damaged: plan again"
                raise ConfigError(msg)
            with path.open("rb") as lines:
                return [json.loads(line) for line in lines]
        except OSError as error:
            msg = f"expected the list of a shard in {path}, got {error.strerror}: plan again"
            raise ConfigError(msg) from error
