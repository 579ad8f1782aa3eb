"""Progress of a training, passed from its process to the server in a file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pipeline.atomic import write_atomically

TrainingState = Literal["idle", "running", "done", "failed"]


@dataclass(frozen=True)
class TrainerStatus:
    """State of the last training.

    Attributes:
        status: `failed` left the weights as they were.
        epoch: epochs that are finished.
        epochs: epochs in all.
        reason: of a failure, in words.
    """

    status: TrainingState = "idle"
    epoch: int = 0
    epochs: int = 0
    reason: str = ""

    def write(self, path: Path) -> None:
        """Write to a file.

        Raises:
            WriteError: it cannot be written.
        """
        write_atomically(path, (json.dumps(asdict(self)) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> "TrainerStatus":
        """Read from a file.

        Args:
            path: of `write`; without such a file the state is `idle`.
        """
        if not path.is_file():
            return cls()
        return cls(**json.loads(path.read_text(encoding="utf-8")))
