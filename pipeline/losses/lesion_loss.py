"""Dice and cross entropy of the lesion, and of malignancy inside it."""

import torch
from monai.losses import DiceCELoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


class LesionLoss(nn.Module):
    """Loss of a network with one channel (lesion) or two (lesion, malignant if lesion).

    The Dice term is smoothed by `smooth` pixels. Without that, what is marked in an image without
    a lesion has no gradient in it, as the Dice is 0 whether one pixel is marked or all are.

    Malignancy is asked for inside the true lesion alone, each image with the same weight: the
    second channel is the probability that the lesion there is malignant, and what it says
    elsewhere has no meaning and no influence on the first.

    Args:
        smooth: pixels added to numerator and denominator of the Dice.
        malignancy: weight of the second channel.
        lesion: loss of the first channel, of logits and a label (B, 1, H, W), in place of Dice and
            cross entropy; `smooth` is then without effect.
    """

    def __init__(
        self, *, smooth: float = 64.0, malignancy: float = 0.25, lesion: nn.Module | None = None
    ) -> None:
        super().__init__()
        if lesion is None:
            lesion = DiceCELoss(sigmoid=True, smooth_nr=smooth, smooth_dr=smooth)
        self.lesion = lesion
        self.malignancy = malignancy

    def forward(self, pred: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Compute the loss of a batch.

        Args:
            pred: (B, 1 or 2, H, W) logits.
            label: (B, 1 or 2, H, W) float; channel 0 is 1 in the lesion and 0 elsewhere, channel
                1 is 1 where malignant, 0 where benign and -1 where not known.

        Returns:
            Scalar.
        """
        loss: torch.Tensor = self.lesion(pred[:, :1], label[:, :1])
        if pred.shape[1] == 1:
            return loss
        truth = label[:, 1]
        asked = ((label[:, 0] > 0) & (truth >= 0)).float()
        entropy = binary_cross_entropy_with_logits(pred[:, 1], truth.clamp(0, 1), reduction="none")
        pixels = asked.sum(dim=(1, 2))
        means = (entropy * asked).sum(dim=(1, 2)) / pixels.clamp(min=1)
        return loss + self.malignancy * means.sum() / (pixels > 0).sum().clamp(min=1)
