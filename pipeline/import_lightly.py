"""Import MONAI without optional dependencies that inference does not use."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

_OPTIONAL = (
    *("scipy.optimize", "scipy.signal", "skimage.segmentation"),
    *("tensorboard", "jsonschema", "nibabel", "tifffile"),
)
"""What MONAI does without if it is not installed, and inference never asks MONAI for."""

_ZERO = "torch.distributed.optim"
"""Ignite imports one class of it, to recognize it in a checkpoint; it imports sympy and more."""


@contextmanager
def import_lightly() -> Iterator[None]:
    """Make imports skip modules, or most of them, that inference does not use.

    Afterwards they can be imported as usual. Modules already imported are left alone. Garbage is
    not searched for meanwhile, and never in what was imported: that is much, and stays.
    """
    left_out: dict[str, ModuleType | None] = dict.fromkeys(_OPTIONAL)
    left_out[_ZERO] = ModuleType(_ZERO)
    left_out[_ZERO].__dict__["ZeroRedundancyOptimizer"] = type("ZeroRedundancyOptimizer", (), {})
    left_out = {name: module for name, module in left_out.items() if name not in sys.modules}
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    modules.update(left_out)  # None makes an import fail as if it were not installed
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
        for name, module in left_out.items():
            if modules.get(name) is module:
                del modules[name]
