"""Long and short axis of a lesion."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from pipeline.lesions.axis import Axis

EDGE_MIDDLES = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, -0.5], [0.0, 0.5]])
"""Middles of a pixel's edges, row and column in px from its centre."""

TIE = 1e-9
"""Relative difference below which two lengths count as equal."""


def measure_axes(
    hull: NDArray[np.int64],
    *,
    mm_per_pixel: tuple[float, float] | None = None,
    origin: tuple[int, int] = (0, 0),
) -> tuple[Axis, Axis]:
    """Measure the longest diameter of a lesion and the longest diameter perpendicular to it.

    They are the "longest diameter" and "longest perpendicular diameter" of a radiologist, as in
    SNOMED CT 103339001 *Long axis* and 103340004 *Short axis*. With calibration both are searched
    and are perpendicular in mm, for pixels of any shape; else in px.

    A pixel reaches to the middles of its edges, as in the outline at half height that
    `skimage.measure.find_contours` traces. So a single pixel is 1 px long and a row of n pixels
    n px; between pixel centres both would be 1 px less, and between pixel corners a single pixel
    would be 1.4 px long. Of digital discs and ellipses 10 px or more across, both axes come within
    1 px (its longer edge) of the truth: on average the long axis is 0.8 px too long for discs, as
    the most favourable of all directions wins, and both are 0.2 to 0.5 px too long for ellipses.

    Both axes belong to the convex hull, from one outermost point to another, as with callipers:
    they may cross what is not lesion where the outline is hollow. The short axis is a chord of the
    hull. It crosses the long one at a right angle, but not always in its middle, and its ends
    need not be corners of the outline.

    Of several long axes of the same length the one whose ends come first row by row is taken; of
    several short ones that nearest to the middle of the long axis.

    Args:
        hull: (N, 2) int64, corners of the convex hull of the pixel centres in px.
        mm_per_pixel: mm between rows and between columns; `None` without calibration.
        origin: row and column in px of the frame at which the hull has its (0, 0).

    Returns:
        Long axis and short axis.

    Examples:
        >>> long, short = measure_axes(np.array([[0, 0], [0, 4]]), mm_per_pixel=(0.5, 0.2))
        >>> long.start, long.end, long.length_px, long.length_mm
        ((0.0, -0.5), (0.0, 4.5), 5.0, 1.0)
        >>> short.length_px, short.length_mm
        (1.0, 0.5)
    """
    points = (hull[:, None] + EDGE_MIDDLES).reshape(-1, 2)
    scale = np.array(mm_per_pixel or (1.0, 1.0))
    polygon = points[ConvexHull(points).vertices]
    start, end = _find_diameter(polygon, scale)
    chord = _find_chord(polygon * scale, start, end) / scale
    return (
        _make_axis(polygon[[start, end]], mm_per_pixel, origin),
        _make_axis(chord, mm_per_pixel, origin),
    )


def _find_diameter(polygon: NDArray[np.float64], scale: NDArray[np.float64]) -> tuple[int, int]:
    # From differences in px, which are exact, so that a shift or a mirror changes no bit of it.
    squares = (((polygon[:, None] - polygon) * scale) ** 2).sum(axis=-1)
    pairs = np.argwhere(squares >= squares.max() * (1 - TIE))
    start, end = min(pairs, key=lambda pair: polygon[pair].ravel().tolist())
    return int(start), int(end)


def _find_chord(polygon: NDArray[np.float64], start: int, end: int) -> NDArray[np.float64]:
    """Find the longest chord (2, 2) perpendicular to a diameter; it is one at some corner."""
    along = polygon[end] - polygon[start]
    along /= math.hypot(*along)
    across = np.array([-along[1], along[0]])
    turned = (polygon - polygon[start]) @ np.stack([along, across], axis=1)
    # No other corner is as far along as the ends of a diameter: both sides rise all the way.
    count = len(polygon)
    one = turned[(start + np.arange((end - start) % count + 1)) % count]
    other = turned[(start - np.arange((start - end) % count + 1)) % count]

    def cut(position: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([np.interp(position, side[:, 0], side[:, 1]) for side in (one, other)])

    lengths = np.abs(np.subtract(*cut(turned[:, 0])))
    longest = turned[lengths >= lengths.max() * (1 - TIE), 0]
    position = np.clip(turned[end, 0] / 2, longest.min(), longest.max())
    ends: NDArray[np.float64] = polygon[start] + position * along + cut(position)[:, None] * across
    return ends


def _make_axis(
    ends: NDArray[np.float64],
    mm_per_pixel: tuple[float, float] | None,
    origin: tuple[int, int],
) -> Axis:
    rows, columns = np.diff(ends, axis=0)[0].tolist()
    start, end = sorted((row + origin[0], column + origin[1]) for row, column in ends.tolist())
    return Axis(
        start=start,
        end=end,
        length_px=math.hypot(rows, columns),
        length_mm=mm_per_pixel and math.hypot(rows * mm_per_pixel[0], columns * mm_per_pixel[1]),
    )
