"""Run an engine, alone in the folder of its results."""

from typing import Any

from ignite.engine import Engine, Events

from pipeline.errors import PipelineError
from pipeline.journal.run_lock import RunLock


def run_alone(evaluator: Any, lock: RunLock) -> None:
    """Run an engine while a lock is held, as the last step of ``run`` in a config.

    Args:
        evaluator: a MONAI evaluator.
        lock: of the folder that its handlers write to.

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
