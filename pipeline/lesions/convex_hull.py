"""The convex hull of a component."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull


def find_hull(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the corners of the convex hull of the pixel centres.

    Args:
        mask: (H, W) bool, with a pixel in every row.

    Returns:
        (N, 2) int64, row and column in px, in order around the hull; two corners if all pixels
        lie on a line, and one for a single pixel.

    Examples:
        >>> find_hull(np.eye(4, dtype=bool)).tolist()
        [[0, 0], [3, 3]]
    """
    rows = np.arange(mask.shape[0])
    left = np.stack([rows, mask.argmax(axis=1)], axis=1)
    right = np.stack([rows, mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)], axis=1)
    points = np.concatenate([left, right])
    # Qhull refuses points that span no area.
    if _is_line(points - points[0]):
        line: NDArray[np.int64] = np.unique(np.stack([left[0], right[-1]]), axis=0)
        return line
    corners: NDArray[np.int64] = points[ConvexHull(points).vertices]
    return corners


def count_hull_pixels(hull: NDArray[np.int64]) -> int:
    """Count the pixels whose centres lie within a hull or on it, by Pick's theorem.

    Args:
        hull: (N, 2) int64, of `find_hull`.

    Returns:
        The number of pixels, exact.

    Examples:
        >>> count_hull_pixels(np.array([[0, 0], [3, 0], [3, 4], [0, 4]]))
        20
    """
    after = np.roll(hull, -1, axis=0)
    twice_area = abs(int((hull[:, 0] * after[:, 1] - hull[:, 1] * after[:, 0]).sum()))
    on_edges = int(np.gcd(*np.abs(after - hull).T).sum())
    return (twice_area + on_edges) // 2 + 1


def _is_line(steps: NDArray[np.int64]) -> bool:
    farthest = steps[(steps**2).sum(axis=1).argmax()]
    return not (steps[:, 0] * farthest[1] - steps[:, 1] * farthest[0]).any()
