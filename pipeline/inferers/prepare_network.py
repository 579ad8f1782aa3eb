"""A copy of a network that computes the same on a CPU in less time."""

import copy
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_IDLE = (nn.Identity, nn.Dropout, nn.Dropout2d)
"""Layers that let everything through when a network does not train."""


def prepare_network(network: nn.Module, *, bf16: bool = False) -> nn.Module:
    """Copy a network for inference: channels last, batch normalisation within the convolutions.

    Args:
        network: is left as it is.
        bf16: hold the weights in bfloat16, so that they need not be converted at each call.

    Returns:
        A copy for inputs (B, C, H, W) of the weights' type, float32 or bfloat16. It takes no part
        in a training.

    Examples:
        >>> network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).eval()
        >>> prepare_network(network)[1]
        Identity()
    """
    prepared = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(prepared.modules()):
        if _is_sequence(module):
            _fuse(list(_list_layers(module)))
    prepared.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return prepared.bfloat16() if bf16 else prepared


def _is_sequence(module: nn.Module) -> bool:
    """Return whether children run one after the other; a subclass may do something else."""
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _list_layers(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """List layers in the order in which they run, with parent and name: sequences may be nested."""
    for name, child in module.named_children():
        if _is_sequence(child):
            yield from _list_layers(child)
        elif not isinstance(child, _IDLE):
            yield module, name, child


def _fuse(layers: list[tuple[nn.Module, str, nn.Module]]) -> None:
    for (parent, name, layer), (next_parent, next_name, following) in pairwise(layers):
        if isinstance(layer, nn.Conv2d) and type(following) is nn.BatchNorm2d:
            setattr(parent, name, fuse_conv_bn_eval(layer, following))
            setattr(next_parent, next_name, nn.Identity())
