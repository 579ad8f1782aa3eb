"""Decode untrusted files in a sandboxed child process."""

import contextlib
import json
import math
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.codec.codec_child import LENGTH_BYTES

LONGEST_DECODING_S = 60.0
"""Seconds for one request; a frame takes less than one."""

LARGEST_ARRAY_BYTES = 512 << 20
"""Bytes of a decoded array: 64,000,000 px in three samples of 16 bits are 366 MiB."""

_LARGE_BYTES = 32 << 20
"""Bytes of an array that takes longer than the start of a child, and is rare."""
_MOST_AXES = 4
_LARGEST_HEADER_BYTES = 1 << 20
_LONGEST_MESSAGE = 500
_GRACE_S = 5.0
"""What the child waits longer than its user before it ends itself."""
_PIPE_BYTES = 1 << 20
"""What a pipe holds, where the system can set it; 64 KiB are usual."""
_DTYPES = {"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"}
_ERRORS: dict[str, type[ReadError]] = {"ReadError": ReadError, "SkippedError": SkippedError}
_ROOT = str(Path(__file__).parents[2])
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""One thread, and memory that is kept: else glibc fetches new pages for every frame, which takes
longer than some decoders do."""
_START = (
    "import sys; sys.path[:] = sys.argv[2:]; "
    "from pipeline.readers.codec.codec_child import main; main(sys.argv[1])"
)
"""Not ``-m``, which would look for the package in the current folder before ``PYTHONPATH``."""


class CodecWorker:
    """Runs decoders in a child process with a limit of time and of memory.

    A child that crashes, hangs or answers nonsense is ended, and the next call starts another
    one. Calls of several threads are done one after the other. A process that is forked from this
    one starts a child of its own. What the child says is not believed: an exploited decoder gets
    no more than to choose the pixels.

    Args:
        longest_s: seconds after which a call fails.
        extra_tasks: further tasks than `codec_child.TASKS`, as ``module:function``.
    """

    def __init__(
        self,
        *,
        longest_s: float = LONGEST_DECODING_S,
        extra_tasks: Mapping[str, str] | None = None,
    ) -> None:
        self._longest_s = longest_s
        self._extra_tasks = dict(extra_tasks or {})
        self._lock = threading.Lock()
        self._child: _Child | None = None
        _WORKERS.add(self)

    def call(
        self, task: str, arguments: Mapping[str, Any], payload: bytes = b""
    ) -> tuple[dict[str, Any], NDArray[Any]]:
        """Let the child run one task.

        Args:
            task: its name in `codec_child.TASKS`.
            arguments: what JSON can hold; tuples arrive as lists.
            payload: bytes, as an encoded frame.

        Returns:
            What else the task returns, and its array: any shape, integers of 8 to 32 bits or floats
            of 32 or 64.

        Raises:
            SkippedError: the task raised it.
            ReadError: the task raised it or another exception, took longer than `longest_s` or
                more memory than `codec_child.LARGEST_MEMORY_BYTES`, or crashed.
        """
        request = {
            "task": task,
            "arguments": dict(arguments),
            "payload": len(payload),
            "seconds": self._longest_s + _GRACE_S,
        }
        header = json.dumps(request).encode()
        with self._lock:
            if self._child is None or not self._child.is_running():
                self._stop()
                self._child = _Child(self._extra_tasks)
            try:
                answer, array = self._child.ask(header, payload, self._longest_s)
            except BaseException:  # whatever comes between, as Ctrl-C: the rest stays unread
                self._stop()
                raise
            if array.nbytes > _LARGE_BYTES:
                self._stop()  # which gives back the memory that it would keep
        if "error" in answer:
            raise _ERRORS[answer["error"]](answer["message"])
        return answer["meta"], array

    def close(self) -> None:
        """End the child; the next call starts another one."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """Leave the child to the process that started it, after a fork."""
        self._lock = threading.Lock()  # a thread that is not here may have held it
        if self._child is not None:
            self._child.forget()
        self._child = None

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
        self._child = None


_WORKERS: weakref.WeakSet[CodecWorker] = weakref.WeakSet()
_SHARED = CodecWorker()


def shared_codec_worker() -> CodecWorker:
    """Give the worker of this process; its child is started by the first call."""
    return _SHARED


class _Child:
    """A process that runs `codec_child.main`, and the pipes to it."""

    def __init__(self, extra_tasks: Mapping[str, str]) -> None:
        # No path is searched that depends on the current folder, which may be anybody's.
        paths = [_ROOT, *(path for path in sys.path if path)]
        options = ["-I", f"-Xutf8={sys.flags.utf8_mode}", "-Wignore"]
        options += ["-B"] if sys.dont_write_bytecode else []
        try:
            self._process = subprocess.Popen(
                [sys.executable, *options, "-c", _START, json.dumps(extra_tasks), *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Decoders print what stands in a header, which may be a patient's.
                stderr=subprocess.DEVNULL,
                bufsize=0,  # buffers would have locks, and those be held when a process forks
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,
            )
        except OSError as error:
            msg = f"expected to start a process for decoding, got {error.strerror}"
            raise ReadError(msg) from error
        self._requests = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        self._is_late = False
        self.stop = weakref.finalize(self, _end, self._process)
        _widen(self._requests)
        _widen(self._answers)

    def is_running(self) -> bool:
        # A watchdog that came too late for one call must not spoil the next one.
        return not self._is_late and self._process.poll() is None

    def ask(
        self, header: bytes, payload: bytes, longest_s: float
    ) -> tuple[dict[str, Any], NDArray[Any]]:
        """Send a request, and wait for the answer; after an exception the child is of no use."""
        watchdog = threading.Timer(longest_s, self._end_late)
        watchdog.daemon = True
        watchdog.start()
        try:
            _write(self._requests, len(header).to_bytes(LENGTH_BYTES, "little") + header)
            _write(self._requests, payload)
            answer = _read_answer(self._answers)
        except (OSError, EOFError) as error:
            raise ReadError(self._tell_end(longest_s)) from error
        except (ValueError, RecursionError) as error:
            msg = "expected pixels from the codec, got an answer that makes no sense"
            raise ReadError(msg) from error
        finally:
            watchdog.cancel()
            watchdog.join()
        return answer

    def forget(self) -> None:
        """Close this side, and leave the process alone, which is not this one's child."""
        self.stop.detach()
        self._process.returncode = 0
        self._requests.close()
        self._answers.close()

    def _end_late(self) -> None:
        self._is_late = True
        self._process.kill()

    def _tell_end(self, longest_s: float) -> str:
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return "expected pixels from the codec, got the end of its answers"
        if self._is_late:
            return f"expected pixels within {longest_s:g} s, got none: the codec was stopped"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"expected pixels from the codec, got a crash of it ({how})"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, which has nothing to save, and close its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _widen(pipe: BinaryIO) -> None:
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # a user may have used up what all pipes may hold
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _write(pipe: BinaryIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[pipe.write(rest) :]


def _read_answer(pipe: BinaryIO) -> tuple[dict[str, Any], NDArray[Any]]:
    """Read the header, and the array into memory that it was found to fit in."""
    length = int.from_bytes(_read(pipe, LENGTH_BYTES), "little")
    if length > _LARGEST_HEADER_BYTES:
        msg = f"expected a header of at most {_LARGEST_HEADER_BYTES} bytes, got {length}"
        raise ValueError(msg)
    header = json.loads(_read(pipe, length))
    match header:
        case {"error": str(kind), "message": str(message)} if kind in _ERRORS:
            return {"error": kind, "message": message[:_LONGEST_MESSAGE]}, np.empty(0)
        case {"meta": dict(meta), "dtype": str(name), "shape": list(shape)} if name in _DTYPES:
            return {"meta": meta}, _read_array(pipe, shape, np.dtype(name))
    msg = "expected an error, or meta, dtype and shape, got something else"
    raise ValueError(msg)


def _read_array(pipe: BinaryIO, shape: list[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    edges = range(LARGEST_ARRAY_BYTES + 1)
    if len(shape) > _MOST_AXES or not all(type(edge) is int and edge in edges for edge in shape):
        msg = f"expected a shape of at most {_MOST_AXES} whole numbers, got another"
        raise ValueError(msg)
    if math.prod(shape) * dtype.itemsize > LARGEST_ARRAY_BYTES:
        msg = f"expected an array of at most {LARGEST_ARRAY_BYTES} bytes, got a larger one"
        raise ValueError(msg)
    array = np.empty(shape, dtype)
    if array.size:
        _fill(pipe, array.reshape(-1).view(np.uint8).data)
    return array


def _read(pipe: BinaryIO, length: int) -> bytes:
    content = bytearray(length)
    _fill(pipe, memoryview(content))
    return bytes(content)


def _fill(pipe: BinaryIO, rest: memoryview) -> None:
    while rest:
        count = cast(Any, pipe).readinto(rest)
        if not count:
            msg = "expected more of an answer, got its end"
            raise EOFError(msg)
        rest = rest[count:]


def _forget_after_fork() -> None:
    for worker in list(_WORKERS):
        worker.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
