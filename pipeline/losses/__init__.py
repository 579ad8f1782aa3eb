"""The loss that MONAI lacks."""

from pipeline.losses.lesion_loss import LesionLoss

__all__ = ["LesionLoss"]
