"""End a command on a signal as people expect: at once, in one line, with the usual exit code."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopped(KeyboardInterrupt):
    """A signal has come; open files are closed on the way up."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextmanager
def raise_stopped() -> Iterator[None]:
    """Raise `Stopped` in the main thread at Ctrl-C, SIGTERM and SIGHUP.

    A second signal ends the process at once. A signal that is ignored, as after `nohup`, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: handler
        for number in _SIGNALS
        if (handler := signal.getsignal(number)) not in (signal.SIG_IGN, None)
    }
    for number in before:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        logging.disable(logging.NOTSET)


def _stop(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        if signal.getsignal(each) is _stop:
            signal.signal(each, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)  # engines log each exception on its way
    raise Stopped(number)
