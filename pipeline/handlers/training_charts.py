"""What TensorBoard shows of a training besides its loss and its metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events

_TRUTH = (0.0, 1.0, 0.0)
_FOUND = (1.0, 0.0, 0.0)
_TINT = 0.4
"""Share of the colour where a mask is drawn over an image."""


class TrainingCharts:
    """Write the learning rate of each step, and pictures of the first validation images.

    A picture has a row an image: the image, the truth in green over it, and what was found in red.

    Place it among the trainer's handlers.

    Args:
        log_dir: folder of the TensorBoard files.
        optimizer: whose learning rate is shown.
        evaluator: MONAI `Evaluator` of the validation; its output has ``image``, ``label`` and
            ``pred`` (1, H, W), of one size, the masks 0 or 1.
        images: number of rows.
    """

    def __init__(
        self,
        log_dir: str | Path,
        optimizer: torch.optim.Optimizer,
        evaluator: Engine,
        *,
        images: int = 8,
    ) -> None:
        self.log_dir = Path(log_dir)
        self.optimizer = optimizer
        self.evaluator = evaluator
        self.images = images
        self._rows: list[torch.Tensor] = []
        self._writer: Any = None

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.STARTED, self._open)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._write_rate)
        engine.add_event_handler(Events.COMPLETED, self._close)
        self.evaluator.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        self.evaluator.add_event_handler(Events.EPOCH_COMPLETED, self._write_pictures)

    def _open(self, _engine: Engine) -> None:
        from torch.utils.tensorboard import SummaryWriter  # not before it is needed: half a second

        self._writer = SummaryWriter(self.log_dir)

    def _close(self, _engine: Engine) -> None:
        self._writer.close()

    def _write_rate(self, engine: Engine) -> None:
        rate = self.optimizer.param_groups[0]["lr"]
        self._writer.add_scalar("learning_rate", rate, engine.state.iteration)

    def _collect(self, engine: Engine) -> None:
        items: Sequence[Mapping[str, Any]] = engine.state.output
        for item in items[: self.images - len(self._rows)]:
            self._rows.append(_draw_row(item["image"], item["label"], item["pred"]))

    def _write_pictures(self, engine: Engine) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._writer.add_image("validation", torch.cat(rows, dim=1), engine.state.epoch)


def _draw_row(image: torch.Tensor, label: torch.Tensor, pred: torch.Tensor) -> torch.Tensor:
    """Draw an image, its truth and its prediction side by side, (3, H, 3 W), 0 to 1."""
    grey = image[:1].detach().float().cpu()
    grey = (grey - grey.min()) / (grey.max() - grey.min()).clamp(min=1e-6)
    plain = grey.expand(3, -1, -1)
    panels = [plain, *(_tint(plain, *pair) for pair in ((label, _TRUTH), (pred, _FOUND)))]
    return torch.cat(panels, dim=2)


def _tint(
    picture: torch.Tensor, mask: torch.Tensor, colour: tuple[float, float, float]
) -> torch.Tensor:
    share = _TINT * (mask[:1].detach().float().cpu() > 0.5)
    return picture * (1 - share) + torch.tensor(colour).view(3, 1, 1) * share
