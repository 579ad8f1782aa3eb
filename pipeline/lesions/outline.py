"""The outer boundary of a component, and how far it is from a disc."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes
from skimage.measure import find_contours


@dataclass(frozen=True)
class Outline:
    """The outer boundary of a component; its holes do not count.

    Attributes:
        points: (N, 2) float64, row and column in px; closed, the last point is the first one.
            It runs through the middles of the pixels' outer edges and corners off the rest.
        circularity: 4 pi area / perimeter^2, 1 for a disc.
        irregularity: standard deviation over mean of the distance from the centroid, 0 for a disc.
    """

    points: NDArray[np.float64]
    circularity: float
    irregularity: float


def trace_outline(
    mask: NDArray[np.bool_],
    centroid: tuple[float, float],
    *,
    mm_per_pixel: tuple[float, float] | None = None,
) -> Outline:
    """Trace the outer boundary of a component.

    The perimeter is estimated by Crofton's formula with the lines of four directions, as in
    `skimage.measure.perimeter_crofton`, but for pixels of any shape: each direction stands for the
    angles that are nearest to it. It is unbiased over all directions, and so for discs. For a
    straight edge of square pixels it is between 5.2 % too short (along rows and columns) and 2.6 %
    too long (half way to the diagonals), so that circularity is up to 11 % too high or 5 % too low.

    Args:
        mask: (H, W) bool, one component of 8 neighbours.
        centroid: its row and column in px.
        mm_per_pixel: mm between rows and between columns, in which the shape is measured; `None`
            takes the pixels as square.

    Returns:
        The outline, in px of the mask.

    Examples:
        >>> trace_outline(np.ones((1, 1), bool), (0.0, 0.0)).points.tolist()
        [[0.5, 0.0], [0.0, -0.5], [-0.5, 0.0], [0.0, 0.5], [0.5, 0.0]]
    """
    scale = mm_per_pixel or (1.0, 1.0)
    filled = np.pad(mask, 1)
    contours = find_contours(filled, 0.5, fully_connected="high")
    if len(contours) > 1:
        filled = binary_fill_holes(filled)
        contours = find_contours(filled, 0.5, fully_connected="high")
    (contour,) = contours
    points = contour - 1
    area = float(np.count_nonzero(filled)) * scale[0] * scale[1]
    return Outline(
        points=points,
        circularity=4 * math.pi * area / _estimate_perimeter(filled, scale) ** 2,
        irregularity=_spread_radius((points - centroid) * scale),
    )


def _estimate_perimeter(mask: NDArray[np.bool_], scale: tuple[float, float]) -> float:
    """Count where lines of four directions cross the boundary; see `trace_outline`."""
    height, width = scale
    diagonal = math.atan2(height, width)
    between_diagonals = height * width / math.hypot(height, width)
    lines = (
        (mask[:, 1:] != mask[:, :-1], height, diagonal),
        (mask[1:] != mask[:-1], width, math.pi / 2 - diagonal),
        (mask[1:, 1:] != mask[:-1, :-1], between_diagonals, math.pi / 4),
        (mask[1:, :-1] != mask[:-1, 1:], between_diagonals, math.pi / 4),
    )
    lengths = [int(np.count_nonzero(ends)) * apart * angles for ends, apart, angles in lines]
    return sum(lengths) / 2


def _spread_radius(points: NDArray[np.float64]) -> float:
    """Divide the deviation of the radius along a closed line, (N, 2) from its centre, by its mean.

    Each point weighs as much as half the line to its two neighbours.
    """
    steps = np.hypot(*np.diff(points, axis=0).T)
    weights = steps + np.roll(steps, 1)
    radius = np.hypot(*points[:-1].T)
    mean = np.average(radius, weights=weights)
    return float(np.sqrt(np.average((radius - mean) ** 2, weights=weights)) / mean)
