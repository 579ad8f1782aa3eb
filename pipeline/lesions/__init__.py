"""From a mask to lesions."""

from pipeline.lesions.platt_scale import PlattScale

__all__ = ["PlattScale"]
