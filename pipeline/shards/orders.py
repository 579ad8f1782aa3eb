"""What a supervisor asks a process to do with a shard."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Orders:
    """Is handed over as a text, as all that a config is given.

    Attributes:
        only: the one file to be done, empty for all.
        killers: files that must not be opened, and by which signal they have ended processes.
    """

    only: str = ""
    killers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Orders":
        """Read what `encode` has written.

        Args:
            text: empty for no orders.
        """
        return cls(**json.loads(text)) if text else cls()

    def encode(self) -> str:
        """Give the text."""
        return json.dumps(asdict(self))
