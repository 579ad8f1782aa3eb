"""What TensorBoard gets of a training: learning rate, validation loss, pictures."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from ignite.engine import Engine, Events
from monai.engines.utils import IterationEvents
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipeline.handlers import TrainingCharts, ValidationLoss
from pipeline.handlers.training_charts import _draw_row


def test_rate_of_each_step_and_a_picture_of_each_validation(tmp_path: Path) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.5)
    mask = torch.zeros(1, 4, 6)
    mask[0, 1, 2] = 1
    item = {"image": torch.rand(1, 4, 6), "label": mask, "pred": mask}
    evaluator = Engine(lambda engine, batch: [item, item])

    def step(engine: Engine, batch: float) -> None:
        optimizer.param_groups[0]["lr"] = batch

    trainer = Engine(step)
    TrainingCharts(tmp_path, optimizer, evaluator, images=3).attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([0] * 5))
    trainer.run([0.5, 0.25], max_epochs=2)
    found = EventAccumulator(str(tmp_path)).Reload()
    rates = [(event.step, event.value) for event in found.Scalars("learning_rate")]
    assert rates == [(1, 0.5), (2, 0.25), (3, 0.5), (4, 0.25)]
    pictures = found.Images("validation")
    assert [(picture.height, picture.width) for picture in pictures] == [(3 * 4, 3 * 6)] * 2


def test_row_has_image_truth_and_prediction_side_by_side() -> None:
    image = torch.tensor([[[0.0, 2.0], [4.0, 8.0]]])
    label = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    pred = torch.tensor([[[0.0, 0.0], [0.0, 1.0]]])
    row = _draw_row(image, label, pred)
    assert row.shape == (3, 2, 6)
    grey = image[0] / 8
    assert torch.equal(row[:, :, :2], grey.expand(3, 2, 2))
    assert row[:, 0, 2].tolist() == pytest.approx([0, 0.4, 0])  # the truth, green
    assert row[:, 1, 5].tolist() == pytest.approx([1, 0.6, 0.6])  # what was found, red
    others = row[:, :, 2:4].clone()
    others[:, 0, 0] = 0
    assert torch.equal(others, grey.expand(3, 2, 2) * (others > 0))


def test_loss_is_the_mean_over_images() -> None:
    class Sum(torch.nn.Module):
        def forward(self, pred: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
            return (pred - label).mean()

    def step(engine: Engine, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        engine.state.output = {"pred": batch, "label": torch.zeros_like(batch)}
        engine.fire_event(IterationEvents.FORWARD_COMPLETED)
        return engine.state.output

    engine = Engine(step)
    engine.register_events(*IterationEvents)
    ValidationLoss(Sum()).attach(engine)
    batches = [torch.full((3, 1), 1.0), torch.full((1, 1), 5.0)]
    for _ in range(2):  # the second run does not add to the first
        engine.run(batches)
        assert engine.state.metrics["val_loss"] == pytest.approx(2.0)


def test_no_validation_images_have_no_loss() -> None:
    handler = ValidationLoss(torch.nn.Identity())
    engine = SimpleNamespace(state=SimpleNamespace(metrics={}))
    handler._finish(engine)
    assert engine.state.metrics == {}
