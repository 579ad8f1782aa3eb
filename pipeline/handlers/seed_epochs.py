"""Draw what a network draws itself, as its dropout does, by seed, epoch and process alone."""

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events


class SeedEpochs:
    """Seed PyTorch when an epoch starts, so that a resumed training repeats what it draws.

    Args:
        seed: of the training.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        engine.add_event_handler(Events.EPOCH_STARTED, self)

    def __call__(self, engine: Engine) -> None:
        """Seed."""
        words = [self.seed, engine.state.epoch, idist.get_rank()]
        torch.manual_seed(int(np.random.SeedSequence(words).generate_state(1)[0]))
