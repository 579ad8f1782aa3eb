"""Wait for processes."""

import time
from collections.abc import Callable

import pytest

SECONDS = 120


def wait_for(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail("it does not come to an end")
        time.sleep(0.1)
