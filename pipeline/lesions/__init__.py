"""Find and measure the lesions of a mask."""

from pipeline.lesions.platt_scale import PlattScale

__all__ = ["PlattScale"]
