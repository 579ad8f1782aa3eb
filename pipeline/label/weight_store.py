"""Which weights are in use, and which were used before."""

import json
import re
import threading
from pathlib import Path
from typing import TypedDict

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.label.label_errors import ConflictError

_FILE = re.compile(r"(\d{4,})\.pt")


class _Record(TypedDict):
    """Names of files; an empty one stands for the original weights."""

    in_use: str
    before: dict[str, str]


class WeightStore:
    """Weights made by trainings; none is ever overwritten.

    ``0001.pt`` and so on are in the folder; ``in_use.json`` names one of them, and for each those
    that it was trained from. Without a training the weights are those that came with the bundle.

    Args:
        folder: of the weights; made when the first ones come.
        original: weights to begin with, and to go back to.
    """

    def __init__(self, folder: Path, original: Path) -> None:
        self.folder = folder
        self.original = original
        self._record = folder / "in_use.json"
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The weights in use.

        Raises:
            ConfigError: the record is damaged, or the file that it names is gone.
        """
        return self._resolve(self._read()["in_use"])

    @property
    def name(self) -> str:
        """What people call them: ``original`` or the number of the training, as ``0002``."""
        in_use = self._read()["in_use"]
        return Path(in_use).stem if in_use else "original"

    @property
    def can_restore(self) -> bool:
        """Whether there are earlier ones."""
        return bool(self._read()["in_use"])

    def install(self, content: bytes) -> str:
        """Keep new weights, and use them from now on.

        Args:
            content: of a file of weights that are known to fit.

        Returns:
            Their name.

        Raises:
            WriteError: they cannot be written; the old ones stay in use.
        """
        with self._lock:
            record = self._read()
            names = [path.name for path in self.folder.glob("*.pt")]
            numbers = [int(match[1]) for name in names if (match := _FILE.fullmatch(name))]
            file = f"{max(numbers, default=0) + 1:04d}.pt"
            write_atomically(self.folder / file, content)
            record["before"][file] = record["in_use"]
            record["in_use"] = file
            self._write(record)
            return Path(file).stem

    def restore(self) -> str:
        """Go back to the weights that the current ones were trained from; none are deleted.

        Returns:
            Their name.

        Raises:
            ConflictError: the original ones are in use.
        """
        with self._lock:
            record = self._read()
            if not record["in_use"]:
                msg = "expected earlier weights to go back to, the original ones are in use"
                raise ConflictError(msg)
            before = record["before"].get(record["in_use"], "")
            self._resolve(before)
            record["in_use"] = before
            self._write(record)
            return Path(before).stem if before else "original"

    def _resolve(self, file: str) -> Path:
        path = self.folder / file if file else self.original
        if not path.is_file():
            msg = f"expected weights at {path}, found none: remove {self._record} to start over"
            raise ConfigError(msg)
        return path

    def _read(self) -> _Record:
        if not self._record.is_file():
            return {"in_use": "", "before": {}}
        try:
            record: _Record = json.loads(self._record.read_text(encoding="utf-8"))
            names = [record["in_use"], *record["before"], *record["before"].values()]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"expected the weights in use in {self._record}, got a damaged file: remove it"
            raise ConfigError(msg) from error
        if not all(name == "" or _FILE.fullmatch(str(name)) for name in names):
            msg = f"expected names of weights in {self._record}, got others: remove it"
            raise ConfigError(msg)
        return record

    def _write(self, record: _Record) -> None:
        write_atomically(self._record, (json.dumps(record, indent=2) + "\n").encode())
