"""From a mask to lesions."""

from pipeline.lesions.malignancy_scale import MalignancyScale

__all__ = ["MalignancyScale"]
