"""Stop a training whose validation no longer improves."""

from ignite.engine import Engine, Events

from pipeline.get_logger import get_logger

logger = get_logger(__name__)


class EarlyStop:
    """End the training when the best validation lies too many epochs back.

    It has no counter of its own: the evaluator knows its best epoch, and `TrainingCheckpoint`
    restores that. MONAI's `EarlyStopHandler` keeps its own count, which a resume resets.

    Place it after the validation handler among the trainer's handlers.

    Args:
        evaluator: MONAI `Evaluator` with a key metric.
        patience: number of epochs without a better key metric that is borne.

    Raises:
        ValueError: `patience` is less than 1.
    """

    def __init__(self, evaluator: Engine, patience: int) -> None:
        if patience < 1:
            msg = f"expected a patience of at least 1 epoch, got {patience}"
            raise ValueError(msg)
        self.evaluator = evaluator
        self.patience = patience

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Engine) -> None:
        """Terminate the trainer if it is time."""
        best_epoch = max(self.evaluator.state.best_metric_epoch, 0)
        if engine.state.epoch - best_epoch >= self.patience:
            logger.info("stopped: no better validation since epoch %d", best_epoch)
            engine.terminate()
