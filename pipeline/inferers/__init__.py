"""How the network is called."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "model": ["Model"],
        "tta_inferer": ["TTAInferer"],
    },
)
