"""Outline of the lesion, and malignancy inside it."""

import torch
from monai.losses import DiceCELoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


class LesionLoss(nn.Module):
    """Loss of a network with one channel (lesion) or two (malignancy).

    - **Lesion**: Dice, smoothed by `smooth` pixels, and cross entropy, of the images with a lesion
      alone. An image without one teaches nothing about where a lesion ends.
    - **Malignancy**: asked for inside the true lesion alone, each image with the same weight: the
      channel is the probability that the lesion there is malignant, and has no meaning elsewhere.

    A third channel, presence, learns nothing here: see `FitPresence`.

    Args:
        smooth: pixels added to numerator and denominator of the Dice.
        malignancy: weight of the second channel.
        lesion: loss of the first channel, of logits and a label (B, 1, H, W), in place of Dice and
            cross entropy; `smooth` is then without effect.
    """

    def __init__(
        self,
        *,
        smooth: float = 16.0,
        malignancy: float = 0.25,
        lesion: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if lesion is None:
            lesion = DiceCELoss(sigmoid=True, smooth_nr=smooth, smooth_dr=smooth)
        self.lesion = lesion
        self.malignancy = malignancy

    def forward(self, pred: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Compute the loss of a batch.

        Args:
            pred: (B, 1 to 3, H, W) logits.
            label: (B, 1 or 2, H, W) float; channel 0 is 1 in the lesion and 0 elsewhere, channel
                1 is 1 where malignant, 0 where benign and -1 where not known.

        Returns:
            Scalar; 0 for a batch that asks nothing.
        """
        shown = label[:, 0].flatten(1).any(dim=1)
        loss = pred.sum() * 0
        if shown.any():
            loss = loss + self.lesion(pred[shown, :1], label[shown, :1])
        if pred.shape[1] > 1:
            loss = loss + self.malignancy * _judge_malignancy(pred[:, 1], label)
        return loss


def _judge_malignancy(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    truth = label[:, 1]
    asked = ((label[:, 0] > 0) & (truth >= 0)).float()
    entropy = binary_cross_entropy_with_logits(logits, truth.clamp(0, 1), reduction="none")
    pixels = asked.sum(dim=(1, 2))
    means = (entropy * asked).sum(dim=(1, 2)) / pixels.clamp(min=1)
    return means.sum() / (pixels > 0).sum().clamp(min=1)
