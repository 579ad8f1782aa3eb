"""How the network is called."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cpu_inferer": ["CpuInferer"],
        "overlapped_evaluator": ["OverlappedEvaluator"],
        "segment_frames": ["SegmentFrames"],
    },
)
