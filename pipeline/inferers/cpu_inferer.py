"""Call the network in bfloat16 on CPUs that compute in it; MONAI's engines know CUDA only."""

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import SimpleInferer

_BF16_CAPABILITIES = ("amx_bf16", "avx512_bf16")
"""Keys of `torch.cpu.get_capabilities`; without one of them bfloat16 is emulated and slower."""


def has_fast_bf16() -> bool:
    """Tell whether this CPU multiplies in bfloat16 (AMX or AVX512-BF16)."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in _BF16_CAPABILITIES)


class CpuInferer(SimpleInferer):
    """Run the network under autocast, and on the mirrored image too if wanted.

    Args:
        bf16: compute in bfloat16 where the CPU has instructions for it; `False` keeps float32.
            On another device than the CPU it is ignored (`SupervisedTrainer` has `amp` for that).
        flip: average the logits with those of the image mirrored left to right. Only for
            networks that return logits of the input's height and width.

    Examples:
        >>> inferer = CpuInferer(flip=True)
        >>> inferer(torch.tensor([[[[1.0, 3.0]]]]), torch.nn.Identity()).tolist()
        [[[[1.0, 3.0]]]]
    """

    def __init__(self, *, bf16: bool = True, flip: bool = False) -> None:
        super().__init__()
        self.bf16 = bf16 and has_fast_bf16()
        self.flip = flip

    def __call__(
        self,
        inputs: torch.Tensor,
        network: Callable[..., torch.Tensor],
        *args: Any,
        **kwargs: Any,
    ) -> torch.Tensor:
        """Run the network.

        Args:
            inputs: (B, C, H, W) float32.
            network: returns logits (B, C', H, W).
            args: further arguments of the network.
            kwargs: further keyword arguments of the network.

        Returns:
            Logits (B, C', H, W), float32.
        """
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16 and inputs.is_cpu):
            logits = network(inputs, *args, **kwargs).float()
            if self.flip:
                mirrored = network(inputs.flip(-1), *args, **kwargs).float()
                logits = (logits + mirrored.flip(-1)) / 2
        return logits
