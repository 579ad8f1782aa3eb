"""Clip gradients, so that a single batch cannot derail a training."""

from ignite.engine import Engine
from monai.engines import IterationEvents
from torch import nn


class ClipGradients:
    """Scale the gradients of a step down to a norm where they exceed it.

    Args:
        network: whose gradients they are.
        max_norm: largest norm (L2) of all of them together.
    """

    def __init__(self, network: nn.Module, *, max_norm: float = 5.0) -> None:
        self.network = network
        self.max_norm = max_norm

    def attach(self, engine: Engine) -> None:
        """Attach to a `SupervisedTrainer`."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self)

    def __call__(self) -> None:
        """Clip what the backward pass has left."""
        nn.utils.clip_grad_norm_(self.network.parameters(), self.max_norm)
