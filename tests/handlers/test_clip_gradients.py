"""The norm of the gradients that a step of a trainer uses."""

import pytest
import torch
from monai.engines import SupervisedTrainer

from pipeline.handlers import ClipGradients


@pytest.mark.parametrize(("max_norm", "expected"), [(0.5, 0.5), (100.0, 6.0)])
def test_step_is_taken_with_gradients_of_at_most_the_norm(max_norm: float, expected: float) -> None:
    network = torch.nn.Linear(1, 1, bias=False)
    before = float(network.weight.detach())
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.tensor([[2.0]]), "label": torch.tensor([[0.0]])}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=lambda pred, label: 3 * pred.sum(),
        train_handlers=[ClipGradients(network, max_norm=max_norm)],
    )
    trainer.run()
    assert before - float(network.weight.detach()) == pytest.approx(expected, rel=1e-4)
