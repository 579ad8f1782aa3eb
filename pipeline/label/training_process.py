"""A training in a process of its own, which cleans up after itself."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pipeline.errors import ConfigError
from pipeline.label.label_errors import ConflictError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.trainer import Trainer
from pipeline.label.trainer_status import TrainerStatus

_SECONDS_BETWEEN_LOOKS = 0.2
_WORKER = "pipeline.label.train_worker"
_ROOT = Path(__file__).resolve().parents[2]


class TrainingProcess:
    """Train without stopping the server, and clean up whatever happens to the process.

    A process that is killed leaves its copies of images; so it is the server that removes them,
    when the process has ended or the next server starts. A process whose server has ended, ends.
    """

    def __init__(self, settings: LabelSettings, trainer: Trainer) -> None:
        self._settings = settings
        self._trainer = trainer

    def reserve(self) -> FileLock:
        """Reserve the labels for a training, against other processes and threads.

        Returns:
            What `run` releases.

        Raises:
            ConflictError: they are taken.
        """
        self._trainer.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._trainer.folder / "lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            msg = "expected one training at a time, one is running"
            raise ConflictError(msg) from error
        return lock

    def clean(self) -> None:
        """Remove the remains of a training whose server was killed, but not a running one."""
        try:
            lock = self.reserve()
        except ConflictError:
            return
        self._clean("the training was killed")
        lock.release()

    def run(self, lock: FileLock, epochs: int, stopping: threading.Event) -> str:
        """Train, and wait for the end.

        Args:
            lock: of `reserve`; released at the end.
            epochs: passes over the labeled images.
            stopping: kills the process when it is set.

        Returns:
            Name of the new weights.

        Raises:
            ConfigError: the training has failed, was killed or was stopped.
        """
        try:
            TrainerStatus("running", 0, epochs).write(self._trainer.status_file)
            self._run_worker(epochs, stopping)
        finally:
            why = "stopped" if stopping.is_set() else "killed"
            status = self._clean(f"the training was {why}")
            lock.release()
        if status.status != "done":
            raise ConfigError(status.reason)
        return self._trainer.workbench.segmenter.weights.name

    def _run_worker(self, epochs: int, stopping: threading.Event) -> None:
        paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        log = self._trainer.folder / "log.txt"
        with log.open("wb") as output:
            worker = subprocess.Popen(
                [sys.executable, "-m", _WORKER],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        try:
            _tell(worker, {"settings": self._settings.to_json(), "epochs": epochs})
            while worker.poll() is None and not stopping.wait(_SECONDS_BETWEEN_LOOKS):
                pass
        finally:
            worker.kill()
            worker.communicate()

    def _clean(self, reason: str) -> TrainerStatus:
        shutil.rmtree(self._trainer.folder / "run", ignore_errors=True)
        status = TrainerStatus.read(self._trainer.status_file)
        if status.status == "running":
            status = TrainerStatus("failed", status.epoch, status.epochs, reason)
            status.write(self._trainer.status_file)
        return status


def _tell(worker: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    """Write the request; the input stays open, as its end ends the worker."""
    if worker.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it was killed before it could read
            worker.stdin.write(json.dumps(request).encode() + b"\n")
            worker.stdin.flush()
