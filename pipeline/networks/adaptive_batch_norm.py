"""Batch normalisation that adapts to the image, as the statistics of another scanner differ."""

import torch
from torch import nn
from torch.nn import functional


class AdaptiveBatchNorm2d(nn.BatchNorm2d):
    """`BatchNorm2d` that in evaluation moves its statistics towards those of the image.

    Of mean and variance of each channel, `share` is the image's own and the rest is what was
    learnt (Schneider et al., Improving robustness against common corruptions by covariate shift
    adaptation, NeurIPS 2020, arXiv 2006.16971, with one image). In training it is `BatchNorm2d`,
    and so are its weights. Images of a batch do not change each other.

    Args:
        num_features: channels.
        eps: is added to the variance.
        momentum: of the learnt statistics, in training.
        share: of the image's own statistics, 0 to 1.

    Raises:
        ValueError: `share` is not between 0 and 1.

    Examples:
        >>> norm = AdaptiveBatchNorm2d(1, eps=0, share=0.5).eval()
        >>> norm(torch.tensor([[[[1.0, 3.0]]]])).tolist()
        [[[[0.0, 2.0]]]]
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor
    num_batches_tracked: torch.Tensor
    momentum: float

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, *, share: float = 0.25
    ) -> None:
        super().__init__(num_features, eps, momentum)
        if not 0 <= share <= 1:
            msg = f"expected a share between 0 and 1, got {share}"
            raise ValueError(msg)
        self.share = share

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Normalise.

        Args:
            inputs: (B, C, H, W) float.

        Returns:
            (B, C, H, W) of the same type.
        """
        if self.training:
            # Not by `super`, which TorchScript cannot compile.
            self.num_batches_tracked.add_(1)
            return functional.batch_norm(
                inputs,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                True,
                self.momentum,
                self.eps,
            )
        features = inputs.float()
        variance, mean = torch.var_mean(features, dim=[2, 3], correction=0, keepdim=True)
        variance = torch.lerp(self.running_var.float()[:, None, None], variance, self.share)
        mean = torch.lerp(self.running_mean.float()[:, None, None], mean, self.share)
        scale = self.weight.float()[:, None, None] * torch.rsqrt(variance + self.eps)
        shift = self.bias.float()[:, None, None] - mean * scale
        return (features * scale + shift).to(inputs.dtype)
