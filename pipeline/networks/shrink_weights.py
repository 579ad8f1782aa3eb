"""Weights as files hold them: half as large."""

from collections.abc import Mapping

import torch


def shrink_weights(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Store the kernels of a network in float16, which `load_state_dict` takes back.

    A kernel is a tensor of two or more dimensions; it is rounded to three digits. Biases and the
    statistics of normalisation are few, and stay as they are; so does a kernel with a value beyond
    the range of float16.

    Args:
        state: a state_dict.

    Returns:
        Another one: kernels in float16, all else as it is.
    """
    return {name: _shrink(value) for name, value in state.items()}


def _shrink(value: torch.Tensor) -> torch.Tensor:
    if value.dtype != torch.float32 or value.ndim < 2:
        return value
    half = value.half()
    return half if bool(torch.isfinite(half).all()) else value
