"""Whether the echo in a picture ends where a box says that it does."""

import numpy as np
from numpy.typing import NDArray

GreyImage = NDArray[np.float32] | NDArray[np.uint8]
Corners = tuple[int, int, int, int]

_TOLERANCE_PX = 3
"""Px between an edge of the box and that of the echo which are no contradiction."""
_STRIP_PX = 12
"""Depth of the strips that are looked at on both sides of an edge, in px."""
_BLUR_PX = 8
"""Px outside an edge within which JPEG leaves texture of it."""
_BEGIN_SHARE, _FLAT_SHARE = 0.5, 0.25
"""Share of an edge along which echo begins, at least; textured share of what lies outside it."""
_ECHO_SHARE, _LEAST_ECHO, _CROSSING_SHARE = 0.3, 0.2, 0.5
"""Textured share of a line across an edge that is echo; share of an edge with echo on both sides,
at least; share of what has echo inside that has it outside, at least."""
_LEAST_CONTRAST = 0.5
"""Contrast of the texture outside as a share of that inside; the noise of a console is less."""


def fills_rows(grey: GreyImage, box: Corners) -> bool:
    """Return whether the echo begins at the first row of a box, and ends at its last.

    Args:
        grey: (H, W) float32 or uint8, 0 to 255.
        box: first row, first column, last row + 1, last column + 1 in px; rows within the
            picture, columns may lie beyond it.

    Returns:
        Whether both edges show within 3 px. Echo that fades out in the depth has no edge.
    """
    top, left, bottom, right = box
    begins = _differ(grey[:, left:right]) >= 1
    return _begins_at(begins, top) and _begins_at(begins[::-1], len(grey) - bottom)


def fills_columns(grey: GreyImage, box: Corners) -> bool:
    """Return whether the echo begins at the first column of a box, and ends at its last.

    Args:
        grey: (H, W) float32 or uint8, 0 to 255.
        box: as of `fills_rows`; columns within the picture, rows may lie beyond it.

    Returns:
        Whether both edges show within 3 px.
    """
    return fills_rows(grey.T, (box[1], box[0], box[3], box[2]))


def reaches_beyond(grey: GreyImage, box: Corners) -> bool:
    """Return whether the echo goes on where the box ends, so that it is of another scale.

    A picture that was enlarged after its box was written has echo to the right of and below the
    box, one that was reduced to the left of and above it. A single side is no proof: another
    image may lie there.

    Args:
        grey: (H, W) float32 or uint8, 0 to 255.
        box: first row, first column, last row + 1, last column + 1 in px, within the picture.

    Returns:
        Whether echo crosses two sides that meet, the upper left or the lower right.
    """
    top, left, bottom, right = box
    below, above = grey[:, left:right], grey[::-1, left:right]
    beside, before = grey.T[:, top:bottom], grey.T[::-1, top:bottom]
    rows, columns = grey.shape
    is_larger = _crosses(below, bottom) and _crosses(beside, right)
    return is_larger or (_crosses(above, rows - top) and _crosses(before, columns - left))


def may_reach_beyond(shape: tuple[int, int], box: Corners) -> bool:
    """Return whether `reaches_beyond` could be true of any picture; a full-size box leaves no room.

    Args:
        shape: rows and columns of the picture.
        box: first row, first column, last row + 1, last column + 1 in px, within the picture.
    """
    rows, columns = shape
    top, left, bottom, right = box
    below, beside = _has_room(bottom, rows), _has_room(right, columns)
    above, before = _has_room(rows - top, rows), _has_room(columns - left, columns)
    return (below and beside) or (above and before)


def _has_room(end: int, lines: int) -> bool:
    """Return whether there are lines enough on both sides of `end` to be compared."""
    return end >= _STRIP_PX and end + _BLUR_PX + _STRIP_PX <= lines


def _differ(grey: GreyImage) -> GreyImage:
    """(N - 1, M) difference of each line of pixels to the next one."""
    if grey.dtype == np.uint8:
        return np.maximum(grey[1:], grey[:-1]) - np.minimum(grey[1:], grey[:-1])
    return np.abs(np.diff(np.rint(grey), axis=0))


def _begins_at(begins: NDArray[np.bool_], first: int) -> bool:
    """Return whether texture begins at the line `first`, and there is hardly any before."""
    before = max(0, first - 1 - _TOLERANCE_PX)
    if begins[before : first + _TOLERANCE_PX].any(axis=0).mean() < _BEGIN_SHARE:
        return False
    outside = begins[max(0, before - _STRIP_PX) : before]
    return outside.size == 0 or bool(outside.mean() < _FLAT_SHARE)


def _crosses(grey: GreyImage, end: int) -> bool:
    """Return whether texture goes on after the line `end - 1` as before it."""
    if not _has_room(end, len(grey)):
        return False
    starts = end - _STRIP_PX, end + _BLUR_PX
    inside, outside = (_differ(grey[start : start + _STRIP_PX]) for start in starts)
    is_echo = [(strip >= 1).mean(axis=0) >= _ECHO_SHARE for strip in (inside, outside)]
    is_alike = outside.mean() >= _LEAST_CONTRAST * inside.mean()
    crossing = (is_echo[0] & is_echo[1]).mean()
    return bool(is_alike and crossing >= max(_LEAST_ECHO, _CROSSING_SHARE * is_echo[0].mean()))
