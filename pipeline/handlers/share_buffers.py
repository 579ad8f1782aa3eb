"""Validate the same network in all processes of a training."""

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from torch import distributed


class ShareBuffers:
    """Give a network the running statistics that it has in the first process.

    `DistributedDataParallel` does so before each step; a moving average of what each process has
    seen in its last step needs it after the epoch.

    Place it before the validation handler among the trainer's handlers.

    Args:
        network: of the same structure in all processes.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Attach to a trainer."""
        if idist.get_world_size() > 1:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self) -> None:
        """Copy."""
        for buffer in self.network.buffers():
            distributed.broadcast(buffer, src=0)
