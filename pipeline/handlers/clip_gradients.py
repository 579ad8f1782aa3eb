"""Clip gradients, so that a single batch cannot derail a training."""

from ignite.engine import Engine
from monai.engines import IterationEvents, SupervisedTrainer
from torch import nn

from pipeline.errors import ConfigError


class ClipGradients:
    """Scale the gradients of a step down to a norm where they exceed it.

    With automatic mixed precision (``amp``), it is the norm of what the scaler has scaled back.

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

    def __call__(self, engine: SupervisedTrainer) -> None:
        """Clip what the backward pass has left.

        Raises:
            ConfigError: a gradient is NaN or infinite, so that this step would end the training.
        """
        scaler = engine.scaler if engine.scaler and engine.scaler.is_enabled() else None
        if scaler:
            scaler.unscale_(engine.optimizer)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.max_norm)
        # A scaler leaves such a step out, and goes on with a smaller scale.
        if not scaler and not norm.isfinite():
            msg = (
                "expected gradients that are numbers, got NaN or infinity in step "
                f"{engine.state.iteration} (epoch {engine.state.epoch}): the training has failed; "
                "lower learning_rate, or compute in float32 by --set inferer#bf16=false"
            )
            raise ConfigError(msg)
