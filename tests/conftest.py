"""Which tests run: those marked `acceptance` only where BREAST_US_DATA names real images."""

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

DATA_VARIABLE = "BREAST_US_DATA"

if "PYTEST_XDIST_WORKER" in os.environ:  # one thread each, before PyTorch counts the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage in what is imported and collected: it is much, and stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # Files of slow tests and of servers come first: else one process does the last of them alone.
    marks = ("slow", "enable_socket")
    long = {item.path for item in items if any(map(item.get_closest_marker, marks))}
    items.sort(key=lambda item: item.path not in long)
    if DATA_VARIABLE in os.environ:
        return
    left_out = [item for item in items if item.get_closest_marker("acceptance")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_report_header() -> str:
    return f"acceptance data: {os.environ.get(DATA_VARIABLE, f'none, set {DATA_VARIABLE}')}"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take off the handlers that a test's run has added: they write to a stream that is closed."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real images, for tests marked `acceptance`."""
    return Path(os.environ[DATA_VARIABLE])
