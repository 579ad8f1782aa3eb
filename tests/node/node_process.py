"""The command `breast-us-seg node` as a process."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SECONDS = 120


class NodeProcess:
    """Start a node, and wait until it listens.

    Args:
        config: its TOML.
        log: file that its log is appended to.
    """

    def __init__(self, config: Path, log: Path) -> None:
        self.log = log
        begin = log.stat().st_size if log.exists() else 0
        with log.open("a") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli.main", "node", str(config)],
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        wait_for(lambda: "listens at" in log.read_text()[begin:] or self.has_ended())
        if self.has_ended():
            pytest.fail(f"the node has not started: {log.read_text()}")

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Stop it as systemd does, and give the exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS)


def wait_for(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail("it does not come to an end")
        time.sleep(0.1)
