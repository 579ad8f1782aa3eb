"""Orientation of a lesion to the skin."""

from enum import Enum


class Orientation(str, Enum):
    """Orientation of a mass as in BI-RADS ultrasound, with the rows of the image for the skin.

    RadLex RID34353 (*not parallel lesion*) has BI-RADS' definition of *not parallel*: the
    anterior-posterior dimension is greater than the transverse one, and round masses are not
    parallel. So the ratio of depth to width decides, 1 included, and not the angle of an axis,
    which a round mass does not have.
    """

    PARALLEL = "parallel"
    """Wider than tall: depth / width < 1."""
    NOT_PARALLEL = "not parallel"
    """Taller than wide, or round: depth / width >= 1."""
