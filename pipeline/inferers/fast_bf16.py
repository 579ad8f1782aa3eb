"""Whether this CPU computes in bfloat16."""

import torch

_CAPABILITIES = ("amx_bf16", "avx512_bf16")
"""Keys of `torch.cpu.get_capabilities`; without one of them bfloat16 is emulated and slower."""


def has_fast_bf16() -> bool:
    """Return whether this CPU multiplies in bfloat16 (AMX or AVX512-BF16)."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in _CAPABILITIES)
