"""The loss of the validation images, besides the metrics of an evaluator."""

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from monai.engines.utils import IterationEvents


class ValidationLoss:
    """Give an evaluator the metric ``val_loss``: the mean loss of its images, of all processes.

    It is taken of the logits, before post-processing, as the training takes it. Place it before
    what writes the metrics among the evaluator's handlers.

    Args:
        loss: of logits and label, see `pipeline.losses.LesionLoss`.
    """

    def __init__(self, loss: torch.nn.Module) -> None:
        self.loss = loss
        self._sum = 0.0
        self._images = 0

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(IterationEvents.FORWARD_COMPLETED, self._add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._finish)

    def _start(self, _engine: Engine) -> None:
        self._sum, self._images = 0.0, 0

    def _add(self, engine: Engine) -> None:
        output = engine.state.output
        with torch.no_grad():
            loss = self.loss(output["pred"].float(), output["label"]).item()
        self._sum += loss * len(output["pred"])
        self._images += len(output["pred"])

    def _finish(self, engine: Engine) -> None:
        sums = torch.tensor([self._sum, self._images], dtype=torch.float64)
        total, images = idist.all_reduce(sums).tolist()
        if images:
            engine.state.metrics["val_loss"] = total / images
