"""The process that segments: a file that kills it kills nothing else."""

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, PipelineError, describe
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.server.keep_headers_out_of_logs import keep_headers_out_of_logs

MOST_RUNS = 200
"""Studies after which the process is replaced by a fresh one."""

_SOME_FAILED = 2
_SECONDS_TO_CHECK = 600.0
_ONLY_DICOM = [
    "progress=false",
    *(f"outputs#{name}=false" for name in ("masks", "overlays", "coco", "report")),
]
"""What nobody looks at in the queue is not written, unless the config of the node says so."""


class WorkerDiedError(PipelineError):
    """The process ended, or was ended as it took too long, while it worked on a study."""


@dataclass(frozen=True)
class RunResult:
    """How a run of ``inference.json`` has ended.

    Attributes:
        code: 0 for all files done or skipped, 1 if the run could not start or go on, 2 if some
            files have failed.
        reason: why it is 1.
    """

    code: int
    reason: str = ""


class SegmentWorker:
    """Run ``inference.json`` on one folder after the other, in a process that is kept.

    It loads the model once. Other weights or settings need another process: they are not looked
    for.

    Args:
        bundle_root: folder around ``configs/``; `None` finds it.
        overrides: ``key=value``, as of ``--set``.
    """

    def __init__(self, bundle_root: Path | None, overrides: Sequence[str] = ()) -> None:
        self._arguments = (bundle_root, [*_ONLY_DICOM, *overrides])
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._connection: Any = None
        self._runs = 0

    def run(self, images: Path, output: Path, seconds: float) -> RunResult:
        """Segment a folder; results of an earlier run on it are gone on with.

        Args:
            images: folder.
            output: folder of the results.
            seconds: after which the process is ended.

        Raises:
            WorkerDiedError: the process has ended.
        """
        if self._process is None or not self._process.is_alive() or self._runs >= MOST_RUNS:
            self._start()
        self._runs += 1
        try:
            self._connection.send((str(images), str(output)))
            if not self._connection.poll(seconds):
                self.close()
                msg = f"expected a segmentation within {seconds:g} s, it was ended after that"
                raise WorkerDiedError(msg)
            code, reason = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(1)
            code = self._process.exitcode
            self.close()
            how = f"signal {-code}" if code is not None and code < 0 else f"code {code}"
            msg = f"expected a segmentation, its process has ended ({how})"
            raise WorkerDiedError(msg) from error
        return RunResult(code, reason)

    def check(self) -> None:
        """Segment a synthetic image, so that a wrong setting shows before the first real one.

        Raises:
            ConfigError: it cannot be done.
        """
        try:
            with tempfile.TemporaryDirectory() as folder:
                images = Path(folder) / "images"
                write_phantom_dicom(images / "phantom.dcm", make_phantom(0).image)
                result = self.run(images, Path(folder) / "output", _SECONDS_TO_CHECK)
        except WorkerDiedError as error:
            raise ConfigError(str(error)) from error
        if result.code:
            msg = result.reason or "expected a synthetic image to be segmented, it has failed"
            raise ConfigError(msg)

    @property
    def pid(self) -> int | None:
        """Number of the process, `None` if there is none."""
        return None if self._process is None else self._process.pid

    def end(self) -> None:
        """End the process from another thread than that of `run`, which raises then."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError):  # it has ended, and was closed
                process.kill()

    def close(self) -> None:
        """End the process at once; its journal lets the next one go on."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._connection.close()
        self._process = None

    def _start(self) -> None:
        self.close()
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_work, args=(theirs, *self._arguments), name="segment", daemon=True
        )
        self._process.start()
        theirs.close()
        self._runs = 0


def _work(requests: Connection, bundle_root: Path | None, overrides: list[str]) -> None:
    """Answer requests until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the node says when to end
    keep_headers_out_of_logs()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    kept: dict[str, Any] = {}
    while True:
        try:
            images, output = requests.recv()
        except EOFError:
            return
        result = _run(images, output, bundle_root, overrides, kept)
        requests.send((result.code, result.reason))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run(
    images: str,
    output: str,
    bundle_root: Path | None,
    overrides: list[str],
    kept: dict[str, Any],
) -> RunResult:
    from pipeline.run_config import run_config

    try:
        run_config(
            "inference",
            bundle_root=bundle_root,
            settings={"dataset_dir": images, "output_dir": output},
            options={},
            overrides=overrides,
            kept=kept,
        )
    except SystemExit as error:
        code = error.code
        if code == _SOME_FAILED:
            return RunResult(_SOME_FAILED)
        return RunResult(1, str(code).removeprefix("error: "))
    except PipelineError as error:
        return RunResult(1, str(error))
    except Exception as error:  # of whatever library; its text may quote a file
        return RunResult(1, describe(error))
    return RunResult(0)
