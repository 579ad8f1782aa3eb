"""Training on the labels as MONAI Label's task."""

from typing import Any

from monailabel.interfaces.datastore import Datastore
from monailabel.interfaces.tasks.train import TrainTask

from pipeline.label.label_errors import RequestError
from pipeline.label.trainer import Trainer
from pipeline.label.trainer_status import TrainerStatus

DEFAULT_EPOCHS = 10
MOST_EPOCHS = 1000


class LesionTrain(TrainTask):
    """Train in this process; the server has one of its own for that (`TrainingProcess`).

    Args:
        trainer: does the work.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__("Train on the labels, from the weights in use")
        self._trainer = trainer

    def config(self) -> dict[str, Any]:
        """Give the settings that a client may change."""
        return {"max_epochs": DEFAULT_EPOCHS}

    def stats(self) -> dict[str, Any]:
        """Tell how far the last training is."""
        status = TrainerStatus.read(self._trainer.status_file)
        return {"status": status.status, "epoch": status.epoch, "total_epochs": status.epochs}

    def __call__(self, request: dict[str, Any], datastore: Datastore) -> dict[str, Any]:
        """Train.

        Args:
            request: ``max_epochs``; nothing else is looked at.
            datastore: is not looked at.

        Returns:
            Name of the new weights.

        Raises:
            RequestError: the number of epochs is not from 1 to 1000.
            ConflictError: nothing is labeled.
            ConfigError: a check refused the run.
        """
        return {"weights": self._trainer.run(read_epochs(request))}


def read_epochs(request: dict[str, Any], name: str = "max_epochs") -> int:
    """Read how long to train.

    Args:
        request: nothing else of it is looked at.
        name: of the number.

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
