"""Save the best network, and all that a killed training needs to resume exactly."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.get_logger import get_logger
from pipeline.networks.shrink_weights import shrink_weights

logger = get_logger(__name__)

_SCHEDULE = ("max_epochs", "epoch_length")
"""Attributes of the trainer's state that a resumed training must share."""

_NEVER_VALIDATED = -1
"""Best epoch of a MONAI evaluator that has not run."""


class TrainingCheckpoint:
    """Write ``model.pt`` when validation improves and ``last.pt`` after every epoch.

    Without validation, ``model.pt`` is written after every epoch too.

    Both are written to a temporary name and renamed, which MONAI's `CheckpointSaver` does not do:
    a training that is killed while it saves keeps the file of the epoch before. ``model.pt`` is a
    plain state_dict, its kernels in float16 (see `shrink_weights`); ``last.pt`` has all in float32,
    and the best score so far, so that a resumed run does not overwrite a better network.

    Of several processes all load, and the first one saves.

    Place it last among the trainer's handlers, after validation and the learning rate.

    Args:
        output_dir: where the files go; made if missing.
        network: what is saved as ``model.pt``, usually the moving average.
        objects: name -> object with `state_dict` and `load_state_dict`, for ``last.pt``. The
            trainer is added by itself.
        evaluator: MONAI `Evaluator` whose key metric chooses the best network; one that never
            runs leaves that to the last epoch.
        resume: load ``last.pt`` before the first epoch.

    Raises:
        ConfigError: `resume` is set and there is no ``last.pt``, or it does not fit.
    """

    def __init__(
        self,
        output_dir: str | Path,
        network: torch.nn.Module,
        objects: Mapping[str, Any],
        evaluator: Engine,
        *,
        resume: bool = False,
    ) -> None:
        self.best_path = Path(output_dir) / "model.pt"
        self.last_path = Path(output_dir) / "last.pt"
        self.network = network
        self.objects = dict(objects)
        self.evaluator = evaluator
        self.resume = resume
        if resume and not self.last_path.is_file():
            msg = (
                f"expected a training to resume at {self.last_path}, found none: "
                "start it without --resume true"
            )
            raise ConfigError(msg)

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        self.objects["trainer"] = engine
        if self.resume:
            engine.add_event_handler(Events.STARTED, self.load)
        if idist.get_rank() == 0:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self.save)

    def load(self, engine: Engine) -> None:
        """Restore every object.

        Raises:
            ConfigError: the checkpoint is of other objects, or of another number of epochs or
                iterations, which the learning rate follows.
        """
        checkpoint = torch.load(self.last_path, map_location="cpu", weights_only=True)
        if checkpoint["objects"].keys() != self.objects.keys():
            msg = (
                f"expected {sorted(self.objects)} in {self.last_path}, "
                f"got {sorted(checkpoint['objects'])}: it is of another configuration"
            )
            raise ConfigError(msg)
        expected = [checkpoint["objects"]["trainer"][name] for name in _SCHEDULE]
        got = [getattr(engine.state, name) for name in _SCHEDULE]
        if got != expected:
            msg = (
                f"expected {expected[0]} epochs of {expected[1]} iterations as in "
                f"{self.last_path}, got {got[0]} of {got[1]}: resume with the same epochs, batch "
                "size and datalist, as the learning rate follows them"
            )
            raise ConfigError(msg)
        for name, item in self.objects.items():
            item.load_state_dict(checkpoint["objects"][name])
        self.evaluator.state.best_metric = checkpoint["best_metric"]
        self.evaluator.state.best_metric_epoch = checkpoint["best_metric_epoch"]
        logger.info("resumed after epoch %d from %s", engine.state.epoch, self.last_path)

    def save(self, engine: Engine) -> None:
        """Save after an epoch; the network too unless an earlier validation was better."""
        best_epoch = self.evaluator.state.best_metric_epoch
        if best_epoch in (engine.state.epoch, _NEVER_VALIDATED):
            _save_atomically(shrink_weights(self.network.state_dict()), self.best_path)
        checkpoint = {
            "objects": {name: item.state_dict() for name, item in self.objects.items()},
            "best_metric": float(self.evaluator.state.best_metric),
            "best_metric_epoch": best_epoch,
        }
        _save_atomically(checkpoint, self.last_path)


def _save_atomically(content: object, path: Path) -> None:
    buffer = BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())
