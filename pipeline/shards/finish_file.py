"""Let a run end between two files when the scheduler asks for it."""

import signal
import threading
from types import FrameType, TracebackType

EXIT_CODE = 128 + signal.SIGTERM
"""Exit code of a run that has ended so."""


class FinishFile:
    """Take SIGTERM as a wish to end after the current file; a second one ends at once.

    It is held while an engine runs, in the place of `RunLock`. Shards need no lock, see
    `ShardJournal`.

    Attributes:
        is_wanted: whether the signal has come.
    """

    def __init__(self) -> None:
        self.is_wanted = False
        self._before: object = None

    def __enter__(self) -> "FinishFile":
        """Listen, if this is the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the signal do what it did before."""
        self._restore()

    def check(self) -> None:
        """Do nothing: no other process can take anything over."""

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.is_wanted = True
        self._restore()

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)  # type: ignore[arg-type]
        self._before = None
