"""How MONAI's evaluators segment frames, and processes train together."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "join_processes": ["join_processes"],
        "overlapped_evaluator": ["OverlappedEvaluator"],
        "segment_frames": ["SegmentFrames"],
    },
)
