"""The norm of the gradients that a step of a trainer uses."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from monai.engines import SupervisedTrainer

from pipeline.errors import ConfigError
from pipeline.handlers import ClipGradients


def make_trainer(
    network: torch.nn.Module, max_norm: float, factor: float = 3.0
) -> SupervisedTrainer:
    return SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.tensor([[2.0]]), "label": torch.tensor([[0.0]])}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=lambda pred, label: factor * pred.sum(),
        train_handlers=[ClipGradients(network, max_norm=max_norm)],
    )


@pytest.mark.parametrize(("max_norm", "expected"), [(0.5, 0.5), (100.0, 6.0)])
def test_step_is_taken_with_gradients_of_at_most_the_norm(max_norm: float, expected: float) -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    before = float(network.weight.detach())
    make_trainer(network, max_norm).run()
    assert before - float(network.weight.detach()) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_training_stops_before_a_step_that_would_end_it(factor: float) -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    before = network.weight.detach().clone()
    with pytest.raises(ConfigError, match=r"NaN or infinity in step 1 .*--set inferer#bf16=false"):
        make_trainer(network, 5.0, factor).run()
    assert torch.equal(network.weight.detach(), before)


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SupervisedTrainer]:
    """Make trainers as on a GPU with automatic mixed precision."""
    scaler = partial(torch.GradScaler, "cpu", init_scale=1024.0)
    monkeypatch.setattr("torch.cuda.amp.GradScaler", scaler)

    def make(network: torch.nn.Module, factor: float) -> SupervisedTrainer:
        trainer = make_trainer(network, 0.5, factor)
        trainer.amp, trainer.amp_kwargs = True, {"enabled": False}
        return trainer

    return make


def test_norm_is_that_of_gradients_without_their_scale(
    scaled: Callable[..., SupervisedTrainer],
) -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    before = float(network.weight.detach())
    scaled(network, 0.2).run()
    assert before - float(network.weight.detach()) == pytest.approx(0.4, rel=1e-3)


def test_scaler_leaves_out_a_step_that_is_no_number(
    scaled: Callable[..., SupervisedTrainer],
) -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    before = network.weight.detach().clone()
    trainer = scaled(network, float("inf"))
    trainer.run()
    assert torch.equal(network.weight.detach(), before)
    assert trainer.scaler.get_scale() == 512
