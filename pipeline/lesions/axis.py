"""One axis of a lesion."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Axis:
    """A straight line across a lesion, to be drawn and to be reported.

    Attributes:
        start: row and column in px of the whole frame, (0, 0) being the centre of its first
            pixel; the upper end, the left one if both are level.
        end: row and column of the other end.
        length_px: distance of the ends in px.
        length_mm: distance of the ends in mm; `None` without calibration.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    length_px: float
    length_mm: float | None
