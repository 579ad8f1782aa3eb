"""From a result to files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "png_mask": ["PngMask"],
        "png_overlay": ["PngOverlay"],
        "run_journal": ["RunJournal"],
    },
)
