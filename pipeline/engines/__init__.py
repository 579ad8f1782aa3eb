"""How MONAI's evaluators segment frames."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "overlapped_evaluator": ["OverlappedEvaluator"],
        "segment_frames": ["SegmentFrames"],
    },
)
