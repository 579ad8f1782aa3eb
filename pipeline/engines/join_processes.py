"""Let the processes of a training find each other."""

import logging
import os
from datetime import timedelta

import ignite.distributed as idist
import torch
from torch import distributed

from pipeline.errors import ConfigError, Refusal

_PATIENCE = timedelta(hours=2)
"""For the first process, which does alone what comes after the last epoch."""


def join_processes() -> None:
    """Join the processes that ``torchrun`` has started, each with its own GPU if there are some.

    The first one alone logs what is no warning.

    Raises:
        Refusal: this process was not started so, or there are more processes than GPUs.
    """
    if "RANK" not in os.environ or "LOCAL_RANK" not in os.environ:
        msg = (
            "expected to be one of the processes that torchrun starts, found no RANK and "
            "LOCAL_RANK: put `torchrun --standalone --nproc_per_node=2` before the command, in "
            "place of `python`"
        )
        raise Refusal(ConfigError(msg))
    number, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if gpus:
        if number >= gpus:
            msg = f"expected a GPU for each process, got {gpus} and process {number + 1}"
            raise Refusal(ConfigError(msg))
        torch.cuda.set_device(number)
    distributed.init_process_group("nccl" if gpus else "gloo", timeout=_PATIENCE)
    idist.sync()  # once for all; else each question for the rank would be a meeting of all
    if idist.get_rank():
        logging.disable(logging.INFO)
