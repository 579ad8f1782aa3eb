"""From a file to grey values and geometry."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "frame_reference": ["FrameReference"],
        "ultrasound_reader": ["UltrasoundReader"],
    },
)
