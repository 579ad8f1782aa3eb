"""That a shard is complete."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.shards.read_state import read_state
from pipeline.shards.shard_folder import ShardFolder


@dataclass(frozen=True)
class ShardDone:
    """Is written after all else of a shard.

    Attributes:
        list: digits of the list of its files, see `ShardPlan`.
        journal: name of the one that describes the shard.
        fingerprint: of the run.
        images: number of each status.
        started: of the process that has completed it, in ISO 8601.
        ended: of it.
    """

    list: str
    journal: str
    fingerprint: str
    images: Mapping[str, int]
    started: str
    ended: str

    @classmethod
    def read(cls, folder: ShardFolder, number: int) -> "ShardDone | None":
        """Read that of a shard.

        Args:
            folder: of the run.
            number: of the shard, from 0.

        Returns:
            It, `None` if the shard is not complete.

        Raises:
            ConfigError: it is damaged.
        """
        path = folder.done(number)
        content = read_state(path)
        if content is None:
            return None
        try:
            return cls(**{field.name: content[field.name] for field in fields(cls)})
        except KeyError as error:
            msg = f"expected what completes a shard in {path}, got something else: remove it"
            raise ConfigError(msg) from error

    def write(self, folder: ShardFolder, number: int) -> None:
        """Write that of a shard.

        Args:
            folder: of the run.
            number: of the shard, from 0.

        Raises:
            WriteError: it cannot be written.
        """
        content = json.dumps(asdict(self)).encode() + b"\n"
        write_atomically(folder.done(number), content, sync=True)
