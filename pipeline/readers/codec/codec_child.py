"""The process in which decoders written in C run, so that what they do wrong ends with it."""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ReadError, SkippedError

Task = Callable[[Mapping[str, Any], bytes], tuple[dict[str, Any], NDArray[Any]]]

TASKS = {
    "dicom_frame": "pipeline.readers.codec.dicom_codec:decode_dicom_frame",
    "raster": "pipeline.readers.codec.raster_codec:decode_raster",
    "raster_pixels": "pipeline.readers.codec.raster_codec:decode_raster_pixels",
    "raster_header": "pipeline.readers.codec.raster_codec:read_raster_header",
    "video": "pipeline.readers.codec.video_codec:read_video_frame",
}
"""What may be asked for: module and function; each is imported when it is asked for first."""

LENGTH_BYTES = 4
"""Bytes of a number, little endian, that gives the length of the JSON after it."""

LARGEST_MEMORY_BYTES = 4 << 30
"""Address space of the process, libraries included, where the system can limit it."""

_LIMITED = f"expected a frame that is decoded in {LARGEST_MEMORY_BYTES >> 30} GiB, got a larger one"


def main(extra_tasks: str) -> None:
    """Answer requests from standard input, one after the other, until it ends.

    A request is a JSON object of `task`, `arguments`, `payload` (number of bytes that follow it)
    and `seconds`, after which the process gives itself up. The answer is a JSON object of `meta`,
    `dtype` and `shape`, and the array's bytes, in C order; or one of `error` and `message`.

    Args:
        extra_tasks: JSON object of further tasks, as `TASKS`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who wait for the answer
    _limit_resources()
    tasks = TASKS | json.loads(extra_tasks)
    with _take_standard_streams() as (requests, answers):
        while head := requests.read(LENGTH_BYTES):
            request = json.loads(requests.read(int.from_bytes(head, "little")))
            header, array = _answer(tasks, request, requests.read(request["payload"]))
            content = json.dumps(header).encode()
            answers.write(len(content).to_bytes(LENGTH_BYTES, "little") + content)
            if array.size:
                answers.write(array.reshape(-1).view(np.uint8).data)
            answers.flush()


def _answer(
    tasks: Mapping[str, str], request: Mapping[str, Any], payload: bytes
) -> tuple[dict[str, Any], NDArray[Any]]:
    try:
        task = _load(tasks, request["task"])
        with _give_up_after(request["seconds"]):
            meta, values = task(request["arguments"], payload)
        array = np.asarray(values, values.dtype.newbyteorder("="), order="C")
        header = {"meta": meta, "dtype": array.dtype.name, "shape": array.shape}
        json.dumps(header)
    except ReadError as error:
        kind = SkippedError if isinstance(error, SkippedError) else ReadError
        header = {"error": kind.__name__, "message": str(error)}
    except MemoryError:
        header = {"error": ReadError.__name__, "message": _LIMITED}
    except Exception as error:
        # Messages of decoders may quote the file, which may name a patient.
        message = f"expected sound pixel data, got {type(error).__name__} from its decoder"
        header = {"error": ReadError.__name__, "message": message}
    else:
        return header, array
    return header, np.empty(0, np.uint8)


def _load(tasks: Mapping[str, str], name: str) -> Task:
    if name not in tasks:
        msg = f"expected a task of {', '.join(tasks)}, got another"
        raise ReadError(msg)
    module, function = tasks[name].split(":")
    task: Task = getattr(import_module(module), function)
    return task


@contextlib.contextmanager
def _take_standard_streams() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Give standard input and output; what libraries print or ask for then goes nowhere."""
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
        yield requests, answers


@contextlib.contextmanager
def _give_up_after(seconds: float) -> Iterator[None]:
    """Die by SIGALRM if it takes longer: nobody else ends a decoder whose user was killed."""
    if sys.platform == "win32":
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_resources() -> None:
    """Limit memory, and leave no core file, which would hold a patient's image."""
    if sys.platform == "win32":
        return
    import resource

    for kind, most in ((resource.RLIMIT_AS, LARGEST_MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        is_lower = hard == resource.RLIM_INFINITY or most < hard
        limit = most if is_lower else hard
        with contextlib.suppress(OSError, ValueError):  # macOS has the first one by name only
            resource.setrlimit(kind, (limit, limit))
