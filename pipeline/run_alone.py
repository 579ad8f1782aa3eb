"""Run an engine, alone in the folder of its results."""

from types import TracebackType
from typing import Any, Protocol

from ignite.engine import Engine, Events

from pipeline.errors import PipelineError


class Guard(Protocol):
    """What is held while an engine runs, as `RunLock`; `check` is called before each image."""

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> object: ...

    def check(self) -> None:
        """Raise `PipelineError` if the engine must not go on."""


def run_alone(evaluator: Any, lock: Guard) -> None:
    """Run an engine while a lock is held, as the last step of ``run`` in a config.

    Args:
        evaluator: a MONAI evaluator.
        lock: of the folder that its handlers write to, or what a run in shards has in its place.

    Raises:
        SystemExit: another run holds the lock, or a result cannot be stored.
    """

    def check(engine: Engine) -> None:
        lock.check()

    evaluator.add_event_handler(Events.ITERATION_STARTED, check)
    try:
        with lock:
            evaluator.run()
    except PipelineError as error:
        message = f"error: {error}"
        raise SystemExit(message) from error
