"""Invertible MONAI transforms that ultrasound needs and MONAI lacks."""

from pipeline.transforms.rand_depth_gain import RandDepthGaind

__all__ = ["RandDepthGaind"]
