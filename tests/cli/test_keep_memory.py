"""Memory that is freed stays with the process: asked of the kernel, in a process of its own."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import train
from pipeline.cli.keep_memory import keep_memory
from pipeline.cli.main import main

ARRAYS = """
import resource
import numpy as np
from pipeline.cli.keep_memory import keep_memory

def count_faults() -> int:
    np.ones(2**24, dtype=np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2**24, dtype=np.float32)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = count_faults()
keep_memory()
print(first, count_faults())
"""


def has_mallopt() -> bool:
    """Return whether this is glibc."""
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


@pytest.mark.skipif(not has_mallopt(), reason="changes glibc only")
def test_a_large_array_takes_the_place_of_one_that_was_freed() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ARRAYS], cwd=root, check=True, capture_output=True, text=True
    )
    before, after = map(int, done.stdout.split())
    assert after < before / 4


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("ctypes.CDLL", lambda _: pytest.fail("called the C library"))
    keep_memory()


def test_a_training_keeps_its_memory_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(train, "keep_memory", lambda: calls.append("keep"))
    monkeypatch.setattr(train, "run_config", lambda name, **_: calls.append(name))

    assert main(["train", "data", "out"]) == 0
    assert calls == ["keep", "train"]
