"""Which part of the images a process takes."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import ConfigError

MOST_SHARDS = 100_000
"""More than any scheduler takes; folders are named by five digits."""

_ENDINGS = (".png", ".dcm", ".jpg", ".nii.gz")
"""What writers append to the name of an image, unless it ends so."""


@dataclass(frozen=True)
class Shard:
    """One of several parts.

    Attributes:
        number: from 0.
        count: of all parts.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``K/N``.

        Args:
            text: K from 0 to N - 1.

        Raises:
            ConfigError: it is none.
        """
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text, re.ASCII)
        if found is None:
            msg = f"expected a shard as K/N, as in 0/400, or auto, got {text!r}"
            raise ConfigError(msg)
        number, count = map(int, found.groups())
        check_count(count)
        if number >= count:
            msg = f"expected a shard from 0/{count} to {count - 1}/{count}, got {text}"
            raise ConfigError(msg)
        return cls(number, count)

    @classmethod
    def of_scheduler(
        cls, planned: int | None, environment: Mapping[str, str] = os.environ
    ) -> "Shard":
        """Ask the scheduler, which gives each process its number.

        SLURM counts from the first number of ``--array``. If the array is as long as the plan, its
        first task takes the first shard; a part of it, as ``--array=1-2,5-10``, names the shards
        themselves, as ``status`` does.

        Args:
            planned: shards of the plan; `None` if there is none yet.
            environment: variables of the process.

        Raises:
            ConfigError: no scheduler gives a number, or it has another plan.
        """
        if "SLURM_ARRAY_TASK_ID" in environment:
            number = _read_number(environment, "SLURM_ARRAY_TASK_ID")
            tasks = _read_number(environment, "SLURM_ARRAY_TASK_COUNT", planned)
            if planned in (None, tasks):
                number -= _read_number(environment, "SLURM_ARRAY_TASK_MIN", 0)
            count = tasks if planned is None else planned
        elif "JOB_COMPLETION_INDEX" in environment:
            number = _read_number(environment, "JOB_COMPLETION_INDEX")
            count = _read_number({}, "a plan: run `breast-us-seg plan` first", planned)
        else:
            msg = (
                "expected SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX of a scheduler for --shard "
                "auto, found neither: name the shard as K/N"
            )
            raise ConfigError(msg)
        return cls.parse(f"{number}/{count}")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def check_count(count: int) -> None:
    """Check a number of shards.

    Raises:
        ConfigError: it is not from 1 to `MOST_SHARDS`.
    """
    if not 1 <= count <= MOST_SHARDS:
        msg = f"expected 1 to {MOST_SHARDS} shards, got {count}"
        raise ConfigError(msg)


def hash_name(file: str) -> int:
    """Give a number that decides the shard of a file; files whose results collide have the same.

    It is the begin of the SHA-256 of the path in lower case, without the endings that results
    have. Other suffixes are kept: names are often UIDs, which differ after the first dot only.

    Args:
        file: path relative to the input folder, with forward slashes.

    Returns:
        64 bits.
    """
    name = file.lower()
    while name.endswith(_ENDINGS):
        ending = next(each for each in _ENDINGS if name.endswith(each))
        name = name[: -len(ending)]
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _read_number(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = environment.get(name, "")
    if text.isascii() and text.isdecimal():
        return int(text)
    if text or default is None:
        msg = f"expected a number in {name}, got {text!r}" if text else f"expected {name}"
        raise ConfigError(msg)
    return default
