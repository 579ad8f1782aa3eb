"""A part of a frame that is to be segmented, and how large its pixels are."""

from dataclasses import dataclass
from enum import Enum

Box = tuple[int, int, int, int]
"""First row, first column, last row + 1, last column + 1 in px."""


class RegionOrigin(str, Enum):
    """How a region came to be known."""

    GIVEN = "given"
    """The file gives it, and it lies within the frame."""
    CROPPED = "cropped"
    """The file gives it, the frame is cut on one axis, and the echo agrees on the other one."""
    RESCALED = "rescaled"
    """The file gives one that the pixels contradict: it is of another scale, and not used."""
    FOUND = "found"
    """The file gives none; the field of view was found in the pixels."""
    WHOLE = "whole"
    """Nothing is known: it is the whole frame."""


@dataclass(frozen=True)
class CalibratedRegion:
    """A B-mode image within a frame.

    Attributes:
        box: first row, first column, last row + 1, last column + 1 in px, within the frame.
        mm_per_pixel: mm between rows and between columns, as in *Pixel Spacing* (0028,0030);
            `None` if unknown, and then no length in mm may be given.
        origin: where both come from.
        parts: the boxes that it is made of where the file gives several that overlap: what lies
            in none of them is not ultrasound. Empty where it is all of `box`.
    """

    box: Box
    mm_per_pixel: tuple[float, float] | None
    origin: RegionOrigin
    parts: tuple[Box, ...] = ()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All that is ultrasound: `parts`, or `box` alone."""
        return self.parts or (self.box,)
