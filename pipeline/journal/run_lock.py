"""One run at a time in a folder, on any computer."""

import json
import os
import socket
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from pipeline.atomic import name_process
from pipeline.errors import ConfigError, WriteError

LOCK = "breast-us-seg.lock"
"""Name of the lock."""

BEAT_S = 15
"""Time between two signs of life."""

DEAD_S = 120
"""A run on another computer that has given no sign of life for so long is taken to be dead."""

_BIRTH_S = 2
"""A lock that is empty for so long was left by a run that was killed while making it."""

_GUARD_S = 30.0
"""Age of a guard from which its process was killed: it is held for one reading."""


class RunLock:
    """Hold a folder while a run writes into it.

    A file is created that must not exist, which network file systems (NFS) do for one of several
    computers only. It names computer and process, and its time is renewed by a thread. The lock of
    a process that has ended on this computer is taken over at once, that of another computer when
    its time has not been renewed for `DEAD_S`.

    Args:
        output_dir: the run's folder; made if missing.
    """

    def __init__(self, output_dir: str | Path) -> None:
        self.path = Path(output_dir) / LOCK
        self._content = b""
        self._latest_beat = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "RunLock":
        """Take the lock.

        Raises:
            ConfigError: another run has it; the message says which.
            WriteError: the folder cannot be written to.
        """
        self._content = json.dumps(asdict(_Holder.here())).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            while not self._create():
                self._take_over()
            self._beat()
        except OSError as error:
            msg = f"expected a folder to write to at {self.path.parent}, got {error.strerror}"
            raise WriteError(msg) from error
        self._stop.clear()
        self._thread = threading.Thread(target=self._keep_beating, name="lock", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the lock back, if it is still ours."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_ours():
            self.path.unlink(missing_ok=True)

    def check(self) -> None:
        """Check that the lock is still ours, should this process have slept for long.

        Raises:
            WriteError: another run has taken it over.
        """
        if time.time() - self._latest_beat < DEAD_S / 2:
            return
        if not self._is_ours():
            msg = f"expected {self.path} to be ours, another run has taken it over: start again"
            raise WriteError(msg)
        self._beat()

    def _create(self) -> bool:
        try:
            with self.path.open("xb") as file:
                file.write(self._content)
        except FileExistsError:
            return False
        return self._is_ours()

    def _take_over(self) -> None:
        """Remove the lock of a run that is dead.

        Raises:
            ConfigError: it is alive.
        """
        try:
            content = self.path.read_bytes()
            age = self._measure_age()
        except FileNotFoundError:
            return
        holder = _Holder.parse(content)
        if holder is None:
            if age < _BIRTH_S:
                time.sleep(_BIRTH_S / 20)
                return
        elif holder.is_alive(age):
            msg = (
                f"expected {self.path.parent} to be free, it is in use by process {holder.pid} on "
                f"{holder.host} since {holder.since} (last sign of life {age:.0f} s ago): wait "
                "until it has ended, or choose another folder"
            )
            raise ConfigError(msg)
        self._remove_dead(content)

    def _remove_dead(self, content: bytes) -> None:
        """Remove the lock if it is still that of a dead run; one process at a time may do so.

        Otherwise two that found the same dead run would remove each other's new lock.
        """
        guard = self.path.with_name(f"{LOCK}.guard")
        try:
            guard.open("xb").close()
        except FileExistsError:
            try:
                if self._measure_age(guard) > _GUARD_S:  # of a process that was killed here
                    guard.unlink(missing_ok=True)
            except FileNotFoundError:
                return
            time.sleep(_BIRTH_S / 20)
            return
        try:
            if self.path.read_bytes() == content:
                self.path.unlink()
        except FileNotFoundError:
            return
        finally:
            guard.unlink(missing_ok=True)

    def _measure_age(self, path: Path | None = None) -> float:
        """Seconds since the last beat, by the clock of the file system, not of this computer."""
        path = self.path if path is None else path
        with tempfile.TemporaryFile(dir=self.path.parent) as now:
            now.write(b"0")
            now.flush()
            return max(0.0, os.fstat(now.fileno()).st_mtime - path.stat().st_mtime)

    def _keep_beating(self) -> None:
        while not self._stop.wait(BEAT_S):
            try:
                if not self._is_ours():
                    return  # `check` will see it
                self._beat()
            except OSError:  # a network that is down for a moment
                continue

    def _beat(self) -> None:
        os.utime(self.path)
        self._latest_beat = time.time()

    def _is_ours(self) -> bool:
        try:
            return self.path.read_bytes() == self._content
        except FileNotFoundError:
            return False


@dataclass(frozen=True)
class _Holder:
    """The holder of a lock; process numbers are reused, so `machine` and `birth` belong to it."""

    host: str
    machine: str
    pid: int
    birth: str
    since: str
    process: str

    @classmethod
    def here(cls) -> "_Holder":
        pid = os.getpid()
        now = datetime.now(timezone.utc).isoformat(" ", "seconds")
        return cls(socket.gethostname(), _machine(), pid, _birth(pid), now, name_process())

    @classmethod
    def parse(cls, content: bytes) -> "_Holder | None":
        try:
            entry = json.loads(content)
            holder = cls(**{field.name: entry[field.name] for field in fields(cls)})
        except (ValueError, TypeError, KeyError):
            return None
        return holder if isinstance(holder.pid, int) and holder.pid > 0 else None

    def is_alive(self, age: float) -> bool:
        is_here = self.machine == _machine() and self.host == socket.gethostname()
        if is_here and os.name == "posix":
            return _exists(self.pid) and _birth(self.pid) == self.birth
        return age < DEAD_S


def _machine() -> str:
    """Name what numbers of processes belong to: this start of this computer, and its container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """Time when a process began, in ticks since the start of the computer; empty if it ended."""
    try:
        state, *facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else facts[18]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
