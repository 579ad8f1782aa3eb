"""A process of this computer that does one shard after the other."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

_PATIENCE_S = 15
"""For the file that is being done when all is to end."""


class LocalWorker:
    """A `Worker` that is a child of this process.

    It is out of reach of Ctrl-C, as the supervisor decides what ends. When that is gone, it ends
    by itself after the current file.

    Args:
        command: of the process; it reads a JSON object a line, and answers so.
        setup: the first object.
        threads: that it may compute with.
    """

    def __init__(self, command: Sequence[str], setup: Mapping[str, Any], threads: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(
            [*command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        self._send(setup)

    @property
    def mark(self) -> str:
        """See `Worker.mark`."""
        return f"-{self._process.pid}-"

    def ask(self, task: Mapping[str, Any]) -> None:
        """See `Worker.ask`."""
        self._send(task)

    def wait(self) -> dict[str, Any] | None:
        """See `Worker.wait`."""
        stream = self._process.stdout
        line = stream.readline() if stream is not None else b""
        if not line.endswith(b"\n"):
            self._process.wait()
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def describe_end(self) -> str:
        """See `Worker.describe_end`."""
        code = self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        return f"signal {-code}, {signal.Signals(-code).name}"

    def ask_to_end(self) -> None:
        """Close what it reads tasks from, which it sees."""
        self._close(self._process.stdin)

    def stop(self) -> None:
        """End the process, after the current file if that does not take long."""
        self.ask_to_end()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close(self._process.stdout)

    def _close(self, stream: IO[bytes] | None) -> None:
        if stream is not None:
            with suppress(BrokenPipeError):  # what was for a process that has ended is lost
                stream.close()

    def _send(self, task: Mapping[str, Any]) -> None:
        stream = self._process.stdin
        if stream is None:
            return
        try:
            stream.write(json.dumps(task).encode() + b"\n")
            stream.flush()
        except BrokenPipeError:  # `wait` will see that it has ended
            return


def python_command(module: str) -> list[str]:
    """Give the command that runs a module in a process like this one."""
    return [sys.executable, "-m", module]
