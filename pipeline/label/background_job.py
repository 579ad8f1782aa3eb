"""Work that takes longer than a request, one run at a time."""

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pipeline.errors import describe
from pipeline.label.label_errors import ConflictError, UnknownImageError

logger = logging.getLogger(__name__)

_RUNS_KEPT = 20


class BackgroundJob:
    """One kind of work, with a record of its last runs in the form of MONAI Label."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._runs: deque[_Run] = deque(maxlen=_RUNS_KEPT)

    @property
    def is_running(self) -> bool:
        """Whether a run, including its clean-up, has not ended yet."""
        with self._lock:
            return self._find_running() is not None

    def start(
        self, request: dict[str, Any], work: Callable[[threading.Event], Any], *, wait: bool = False
    ) -> Any:
        """Begin a run.

        Args:
            request: recorded with it.
            work: does it, and looks at its argument to know that it is to stop.
            wait: for its end.

        Returns:
            The run's record, or what `work` has returned if it was waited for.

        Raises:
            ConflictError: another run has not ended yet.
            Exception: whatever `work` has raised, if it was waited for.
        """
        with self._lock:
            if self._find_running() is not None:
                msg = f"expected one {self._name} at a time, one is running"
                raise ConflictError(msg)
            run = _Run(request, work)
            self._runs.append(run)
            run.start()
        if not wait:
            return run.describe()
        run.join()
        if run.error is not None:
            raise run.error
        return run.result

    def describe(self, *, everything: bool = False, running: bool = False) -> Any:
        """Describe the last run.

        Args:
            everything: give a list of all runs that are remembered.
            running: only if it has not ended yet.

        Raises:
            UnknownImageError: there is none.
        """
        with self._lock:
            run = self._find_running() if running else next(reversed(self._runs), None)
            if run is None:
                msg = f"no {self._name} {'is running' if running else 'was started'}"
                raise UnknownImageError(msg)
            return [each.describe() for each in self._runs] if everything else run.describe()

    def stop(self, *, seconds: float = 20.0) -> dict[str, Any] | None:
        """Stop the run, and wait for its end.

        Args:
            seconds: to wait at most.

        Returns:
            Its record, `None` if there is none.
        """
        with self._lock:
            run = self._find_running()
        if run is None:
            return None
        run.stopping.set()
        run.join(seconds)
        return run.describe()

    def _find_running(self) -> "_Run | None":
        run = next(reversed(self._runs), None)
        return run if run is not None and run.is_alive() else None


class _Run(threading.Thread):
    def __init__(self, request: dict[str, Any], work: Callable[[threading.Event], Any]) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None
        self._work = work
        self._record = {
            "id": str(uuid.uuid4()),
            "status": "RUNNING",
            "request": request,
            "start_ts": _format_time(),
            "details": [],
        }

    def run(self) -> None:
        try:
            self.result = self._work(self.stopping)
            status, details = "DONE", []
        except Exception as error:  # goes to whoever asks
            logger.warning("a run has failed", exc_info=error)
            self.error = error
            status, details = "ERROR", [describe(error)]
        if self.stopping.is_set():
            status = "STOPPED"
        self._record |= {"status": status, "details": details, "end_ts": _format_time()}

    def describe(self) -> dict[str, Any]:
        return dict(self._record)


def _format_time() -> str:
    return datetime.now().strftime("%Y-%m-%d %H:%M:%S")
