"""A process that Ray has started, on any computer of a cluster."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any


class RayWorker:
    """A `Worker` that is an actor of Ray.

    An actor that has died is not started again by Ray, nor are its tasks: the supervisor starts
    another one, when it has found out which file it was at.

    Args:
        actor: handle of a `pipeline.cli.ray_cluster.ShardActor`.
    """

    def __init__(self, actor: Any) -> None:
        self._actor = actor
        self._name = actor.name.remote()
        self._answer: Any = None
        self._end = "ended by Ray"

    @property
    def mark(self) -> str:
        """See `Worker.mark`."""
        import ray

        try:
            return f"{ray.get(self._name, timeout=0)}-"
        except ray.exceptions.RayError:  # it ended before it could answer
            return "none of its journals"

    def ask(self, task: Mapping[str, Any]) -> None:
        """See `Worker.ask`."""
        self._answer = self._actor.run.remote(dict(task))

    def wait(self) -> dict[str, Any] | None:
        """See `Worker.wait`."""
        import ray

        try:
            answer: dict[str, Any] = ray.get(self._answer)
        except ray.exceptions.RayError as error:
            self._end = f"{type(error).__name__} of Ray"
            return None
        return answer

    def describe_end(self) -> str:
        """See `Worker.describe_end`."""
        return self._end

    def ask_to_end(self) -> None:
        """See `Worker.ask_to_end`; an actor cannot wait for the end of a file."""
        import ray

        with suppress(ray.exceptions.RayError):
            ray.kill(self._actor)

    def stop(self) -> None:
        """See `Worker.stop`."""
        self.ask_to_end()
