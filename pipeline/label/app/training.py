"""The training of a server, one at a time, and its status."""

from typing import Any

from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_errors import ConflictError, RequestError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.trainer import Trainer
from pipeline.label.trainer_status import TrainerStatus
from pipeline.label.training_process import TrainingProcess
from pipeline.server.answers import PathHider

DEFAULT_EPOCHS = 10
MOST_EPOCHS = 1000


class Training:
    """Start, stop and describe trainings."""

    def __init__(
        self, settings: LabelSettings, trainer: Trainer, model: str, hider: PathHider
    ) -> None:
        self._trainer = trainer
        self._model = model
        self._hider = hider
        self._job = BackgroundJob("training")
        self._process = TrainingProcess(settings, trainer)
        self._process.clean()

    def start(self, epochs: int) -> Any:
        """Begin to train.

        Returns:
            The run, in the form of MONAI Label.

        Raises:
            ConflictError: nothing is labeled, or a training runs.
        """
        if not any(
            self._trainer.workbench.is_labeled(*frame)
            for frame in self._trainer.workbench.list_frames()
        ):
            msg = "expected at least one saved label to train on, there is none"
            raise ConflictError(msg)
        lock = self._process.reserve()
        request = {"model": self._model, "max_epochs": epochs}
        try:
            return self._job.start(
                request, lambda stopping: self._process.run(lock, epochs, stopping)
            )
        except BaseException:
            lock.release()
            raise

    def stop(self) -> Any:
        """Stop a training; the weights in use stay.

        Returns:
            The run, in the form of MONAI Label; `None` if none is running.
        """
        return self._hide(self._job.stop())

    def describe(self, *, everything: bool = False, running: bool = False) -> Any:
        """Describe trainings in the form of MONAI Label.

        Raises:
            UnknownImageError: there is none.
        """
        described = self._job.describe(everything=everything, running=running)
        if everything:
            return [self._hide(record) for record in described]
        status = self.read_status()
        record = self._hide(described)
        return record | {
            "details": [f"epoch {status.epoch} of {status.epochs}", *record["details"]]
        }

    def read_status(self) -> TrainerStatus:
        """Read how far the last training is."""
        status = TrainerStatus.read(self._trainer.status_file)
        if self._job.is_running:
            epochs = self._job.describe()["request"]["max_epochs"]
            epoch = status.epoch if status.status == "running" else 0
            return TrainerStatus("running", epoch, epochs)
        reason = self._hider.hide(status.reason)
        return TrainerStatus(status.status, status.epoch, status.epochs, reason)

    def _hide(self, record: Any) -> Any:
        if record is None:
            return None
        return record | {"details": [self._hider.hide(text) for text in record["details"]]}


def read_epochs(request: dict[str, Any], name: str = "max_epochs") -> int:
    """Read how long to train.

    Returns:
        Number of epochs.

    Raises:
        RequestError: it is not from 1 to 1000.
    """
    epochs = request.get(name, DEFAULT_EPOCHS)
    if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= MOST_EPOCHS:
        msg = f"expected {name} from 1 to {MOST_EPOCHS}, got another value"
        raise RequestError(msg)
    return epochs
