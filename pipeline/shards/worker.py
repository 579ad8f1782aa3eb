"""Process one shard after the other, for a supervisor."""

from collections.abc import Mapping
from typing import Any, Protocol


class Worker(Protocol):
    """A process, here or on another computer."""

    @property
    def mark(self) -> str:
        """What the names of its journals have in them, and those of no other process."""

    def ask(self, task: Mapping[str, Any]) -> None:
        """Hand over a task."""

    def wait(self) -> dict[str, Any] | None:
        """Wait for the answer.

        Returns:
            The answer, `None` if the process has ended.
        """

    def describe_end(self) -> str:
        """Say how the process has ended."""

    def ask_to_end(self) -> None:
        """Let the process end, after the current file if it can."""

    def stop(self) -> None:
        """End the process, after the current file if that does not take long."""
