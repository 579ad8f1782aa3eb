"""Ignite handlers that MONAI lacks."""

from pipeline.handlers.early_stop import EarlyStop
from pipeline.handlers.training_checkpoint import TrainingCheckpoint

__all__ = ["EarlyStop", "TrainingCheckpoint"]
