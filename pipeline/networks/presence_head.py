"""Whether an outline is a lesion: linear in the features of the outlining network."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate


class PresenceHead(nn.Module):
    """One weight for each feature inside a candidate, and for each of the whole image.

    The logit of a candidate is the mean of the output over it. That is linear in the means of all
    features over the candidate, so that the weights can be found without training: `describe`
    gives these means, and `FitPresence` fits a logistic regression to them.

    Args:
        in_channels: of each map of features.
        deepest: number of the map whose mean over the whole image counts too.
    """

    def __init__(self, in_channels: Sequence[int], *, deepest: int) -> None:
        super().__init__()
        self.deepest = deepest
        self.inside = nn.ModuleList(nn.Conv2d(count, 1, 1, bias=False) for count in in_channels)
        self.whole = nn.Conv2d(in_channels[deepest], 1, 1, bias=False)
        self.bias = nn.Parameter(torch.zeros(1))
        for parameter in self.parameters():
            nn.init.zeros_(parameter)
        self.requires_grad_(False)

    def forward(self, maps: list[torch.Tensor], size: list[int]) -> torch.Tensor:
        """Judge each place.

        Args:
            maps: features (B, C, h, w), see `in_channels`.
            size: H and W of the output.

        Returns:
            Logits (B, 1, H, W), constant within a pixel of the largest map.
        """
        largest = maps[-1].shape[2:]
        logits = self.whole(maps[self.deepest].mean(dim=(2, 3), keepdim=True)) + self.bias
        for number, project in enumerate(self.inside):
            logits = logits + interpolate(project(maps[number]), largest, mode="nearest")
        return interpolate(logits, size, mode="nearest")

    def describe(self, maps: Sequence[torch.Tensor], candidate: torch.Tensor) -> torch.Tensor:
        """Give what the head sees of a candidate.

        Args:
            maps: features (1, C, h, w) of one image.
            candidate: mask (H, W) bool, not empty, with H and W multiples of each h and w.

        Returns:
            (F,) float32, in the order of `flatten_weights`: its product with them is the logit of
            the candidate, but for the bias.
        """
        means = []
        for features in maps:
            height, width = features.shape[2:]
            share = adaptive_avg_pool2d(candidate[None].float(), (height, width))
            means.append((features[0] * share).sum(dim=(1, 2)) / share.sum())
        return torch.cat([*means, maps[self.deepest][0].mean(dim=(1, 2))])

    def flatten_weights(self) -> torch.Tensor:
        """Of each feature, (F,) float32."""
        return torch.cat([parameter.flatten() for parameter in self._list_parameters()])

    def set_weights(self, weights: torch.Tensor, bias: float) -> None:
        """Set what was fitted.

        Args:
            weights: (F,) of each feature.
            bias: of the logit.
        """
        first = 0
        for parameter in self._list_parameters():
            last = first + parameter.numel()
            parameter.copy_(weights[first:last].reshape(parameter.shape))
            first = last
        self.bias.fill_(bias)

    def _list_parameters(self) -> list[nn.Parameter]:
        return [*self.inside.parameters(), *self.whole.parameters()]
