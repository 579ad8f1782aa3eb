"""What archives have committed themselves to keep, until the sender has read it."""

import json
import time
from pathlib import Path

from pipeline.atomic import write_atomically
from pipeline.node.spool import make_code

_DAYS = 7
_SECONDS_OF_A_DAY = 86_400


class Commitments:
    """Answers to requests for storage commitment, a file each.

    Args:
        folder: made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True, mode=0o700)

    def note(self, transaction: str, failed: list[str]) -> None:
        """Keep an answer.

        Args:
            transaction: *Transaction UID* (0008,1195) of the request.
            failed: *SOP Instance UID* of each object that is not kept.

        Raises:
            WriteError: the disk is full or fails.
        """
        write_atomically(self._locate(transaction), json.dumps(failed).encode(), sync=True)

    def read(self, transaction: str) -> list[str] | None:
        """Read an answer.

        Returns:
            As in `note`; `None` if there is none yet.
        """
        try:
            found: list[str] = json.loads(self._locate(transaction).read_bytes())
        except FileNotFoundError:
            return None
        return found

    def remove_old(self) -> None:
        """Remove answers that nobody has waited for."""
        oldest = time.time() - _DAYS * _SECONDS_OF_A_DAY
        for path in self.folder.glob("*.json"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _locate(self, transaction: str) -> Path:
        return self.folder / f"{make_code(transaction)}.json"
