"""Outlines of few corners, so that a page of many images stays small."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GRID = 1280
"""Steps along the longer side of an image to which the corners of an outline are rounded."""

_STEP = 1.0
_PIXEL = 0.4
_LEAST = 1e-12
_FEWEST = 3


def simplify_outline(
    polygon: Sequence[float], size: tuple[int, int], *, max_corners: int = 200
) -> list[int]:
    """Choose the corners of a closed polygon that are worth drawing.

    Corners less than 0.4 px or one step of the grid off the line are left out, which takes the
    stairs of the pixels away, and the least important ones if there are too many.

    Args:
        polygon: x, y, x, y and so on in px; (0, 0) is the upper left corner of the first pixel.
        size: H and W of the image in px.
        max_corners: upper bound, 3 or more.

    Returns:
        Of each corner x and y in steps of the grid from the corner before it, of the first one from
        the upper left corner of the image; empty for fewer than three corners.

    Examples:
        >>> simplify_outline([0, 0, 8, 0, 8, 2, 0, 2], (640, 1280))
        [0, 0, 8, 0, 0, 2, -8, 0]
    """
    points = np.asarray(polygon, np.float64).reshape(-1, 2) * (GRID / max(size))
    if len(points) < _FEWEST:
        return []
    finest = max(_STEP, _PIXEL * GRID / max(size))
    corners = np.rint(_simplify(points, finest, max_corners)).astype(np.int64)
    steps: list[int] = np.diff(corners, axis=0, prepend=0).ravel().tolist()
    return steps


def _simplify(
    points: NDArray[np.float64], tolerance: float, max_corners: int
) -> NDArray[np.float64]:
    # Two points far from each other begin, as those that are never left out.
    first = int(np.argmax(_measure_squares(points, points.mean(axis=0))))
    points = np.roll(points, -first, axis=0)
    second = int(np.argmax(_measure_squares(points, points[0])))
    kept = _choose_corners(points, second, tolerance, max_corners)
    # A lesion of a few pixels in a large image is as small as the tolerance.
    return points[kept] if len(kept) >= _FEWEST else points[:max_corners]


def _choose_corners(
    points: NDArray[np.float64], second: int, tolerance: float, max_corners: int
) -> NDArray[np.intp]:
    """Choose corners after Ramer, Douglas and Peucker, all stretches of a level at once.

    scikit-image's `approximate_polygon` takes 20 times as long, 10 ms, and knows no bound.
    """
    ring = np.concatenate([points, points[:1]])
    is_corner = np.zeros(len(ring), np.bool_)
    is_corner[[0, second, -1]] = True
    while True:
        (corners,) = np.nonzero(is_corner)
        starts, ends = corners[:-1], corners[1:]
        stretch = np.repeat(np.arange(len(starts)), ends - starts)
        along = ring[ends] - ring[starts]
        off = ring[:-1] - ring[starts][stretch]
        lengths = np.maximum(_measure_squares(along, 0.0), _LEAST)[stretch]
        shares = ((off * along[stretch]).sum(axis=1) / lengths).clip(0, 1)
        squares = _measure_squares(off, shares[:, None] * along[stretch])
        most = np.maximum.reduceat(squares, starts)
        is_farthest = (squares == most[stretch]) & (most > tolerance**2)[stretch]
        farthest = np.flatnonzero(is_farthest)
        # One a stretch, the first of those equally far; the farthest ones if there are too many.
        farthest = farthest[np.unique(stretch[farthest], return_index=True)[1]]
        left = max_corners - len(starts)
        if not len(farthest) or left <= 0:
            return starts
        is_corner[farthest[np.argsort(-squares[farthest], kind="stable")[:left]]] = True


def _measure_squares(
    points: NDArray[np.float64], origin: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = ((points - origin) ** 2).sum(axis=1)
    return squares
