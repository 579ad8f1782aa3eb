"""Regions of a picture that was made smaller by a whole factor."""

from dataclasses import replace

from pipeline.readers.region.calibrated_region import Box, CalibratedRegion


def shrink_region(region: CalibratedRegion, step: int) -> CalibratedRegion:
    """Give the region in the picture whose pixels are squares of the former ones.

    Args:
        region: of the picture.
        step: pixels along a side of a square.
    """
    mm = region.mm_per_pixel
    return replace(
        region,
        box=shrink_box(region.box, step),
        mm_per_pixel=mm and (mm[0] * step, mm[1] * step),
        parts=tuple(shrink_box(box, step) for box in region.parts),
    )


def shrink_box(box: Box, step: int) -> Box:
    """Give the squares that lie within a box as a whole, but one at least.

    Args:
        box: first row, first column, last row + 1, last column + 1 in px.
        step: pixels along a side of a square.

    Examples:
        >>> shrink_box((0, 3, 8, 9), 4)
        (0, 1, 2, 2)
    """
    top, left = -(-box[0] // step), -(-box[1] // step)
    bottom, right = max(box[2] // step, top + 1), max(box[3] // step, left + 1)
    return top, left, bottom, right
