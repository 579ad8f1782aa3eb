"""Show how far a run is and how long it will take."""

import time
from collections.abc import Mapping
from typing import Any

import torch
from ignite.engine import Engine, Events
from tqdm import tqdm

from pipeline.get_logger import get_logger

logger = get_logger(__name__)


class Progress:
    """One bar for a whole run, with the time left, and one log line after every epoch.

    For an evaluator, which has one epoch, none is logged.

    Ignite's `ProgressBar` shows one epoch at a time, takes the loss only as an argument of
    `attach`, which MONAI never passes, and jumps to 100 % when a training is stopped early.

    The time left is that of the mean iteration so far, validation included. The bar goes to
    standard error, and only if that is a terminal; the log lines always come.

    Place it after the validation handler among a trainer's handlers; an evaluator takes it too.

    Args:
        evaluator: MONAI `Evaluator` whose key metric is shown, `None` for none.
        bar: whether to draw the bar; `None` draws it on a terminal only.
    """

    def __init__(self, evaluator: Engine | None = None, *, bar: bool | None = None) -> None:
        self.evaluator = evaluator
        self._disable = None if bar is None else not bar
        self._bar: tqdm[Any] | None = None
        self._begin = 0.0
        self._first = 0
        self._total = 0
        self._losses: list[float] = []

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer or an evaluator."""
        engine.add_event_handler(Events.STARTED, self._close)
        engine.add_event_handler(Events.ITERATION_STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._finish_epoch)
        engine.add_event_handler(Events.COMPLETED, self._close)

    def _close(self, _engine: Engine) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    def _open(self, engine: Engine) -> None:
        # Not at STARTED: a checkpoint may be loaded by a handler that comes later.
        if self._bar is not None:
            return
        state = engine.state
        self._begin = time.monotonic()
        self._first = state.iteration - 1
        # An evaluator counts the trainer's epochs, but its own iterations from 0.
        epochs = state.max_epochs - state.epoch + 1
        done_in_epoch = self._first % state.epoch_length
        self._total = self._first - done_in_epoch + epochs * state.epoch_length
        self._losses = []
        self._bar = tqdm(
            total=self._total,
            initial=self._first,
            disable=self._disable,
            smoothing=0,
            dynamic_ncols=True,
            unit="batch",
        )

    def _step(self, engine: Engine) -> None:
        if self._bar is None:
            return
        state = engine.state
        loss = _find_loss(state.output)
        if loss is not None:
            self._losses.append(loss)
        if state.max_epochs > 1:
            self._bar.set_description(f"epoch {state.epoch} of {state.max_epochs}", refresh=False)
        if self._losses:
            mean = sum(self._losses) / len(self._losses)
            self._bar.set_postfix_str(f"loss {mean:.4f}", refresh=False)
        self._bar.update()

    def _finish_epoch(self, engine: Engine) -> None:
        state = engine.state
        parts = [f"epoch {state.epoch} of {state.max_epochs}"]
        if self._losses:
            parts.append(f"loss {sum(self._losses) / len(self._losses):.4f}")
        parts += _describe_validation(self.evaluator)
        parts.append(f"{tqdm.format_interval(self._estimate_seconds_left(state.iteration))} left")
        self._losses = []
        if self._bar is not None:
            self._bar.clear()
        if state.max_epochs > 1 or len(parts) > 2:
            logger.info(", ".join(parts))

    def _estimate_seconds_left(self, iteration: int) -> float:
        seconds = time.monotonic() - self._begin
        return seconds / max(iteration - self._first, 1) * max(self._total - iteration, 0)


def _find_loss(output: Any) -> float | None:
    # MONAI puts the batch's loss into every item of the decollated output.
    item = output[0] if isinstance(output, list) and output else output
    if not isinstance(item, Mapping) or "loss" not in item:
        return None
    return float(torch.as_tensor(item["loss"]).detach())


def _describe_validation(evaluator: Engine | None) -> list[str]:
    name = getattr(evaluator.state, "key_metric_name", None) if evaluator is not None else None
    if evaluator is None or name not in evaluator.state.metrics:
        return []
    state = evaluator.state
    best = f"best {state.best_metric:.4f} at {state.best_metric_epoch}"
    return [f"{name} {state.metrics[name]:.4f} ({best})"]
