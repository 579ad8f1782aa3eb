"""What the tests of transforms share."""

from collections.abc import Callable
from typing import NoReturn

import pytest
import torch


class _OnGpu(torch.Tensor):
    """On the CPU, and as unwilling as one of CUDA to be read by numpy."""

    def numpy(self, **_options: bool) -> NoReturn:
        msg = "can't convert cuda:0 device type tensor to numpy"
        raise TypeError(msg)

    def __array__(self, *_arguments: object, **_options: object) -> NoReturn:
        self.numpy()

    def cpu(self, **_options: object) -> torch.Tensor:
        return self.as_subclass(torch.Tensor)

    def to(self, *arguments: object, **options: object) -> torch.Tensor:
        if "cpu" in map(str, (*arguments, *options.values())):
            return self.cpu()
        return super().to(*arguments, **options)


@pytest.fixture
def on_gpu() -> Callable[[torch.Tensor], torch.Tensor]:
    """Make a tensor that numpy cannot read before it is taken to the CPU."""
    return lambda tensor: tensor.as_subclass(_OnGpu)
