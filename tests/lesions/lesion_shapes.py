"""Shapes whose measures are known."""

import math

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def draw_ellipse(
    semi_axes: tuple[float, float],
    *,
    degrees: float = 0.0,
    mm_per_pixel: tuple[float, float] = (1.0, 1.0),
    shape: tuple[int, int] = (120, 130),
    shift: tuple[float, float] = (0.0, 0.0),
) -> Mask:
    """An ellipse by pixel centres; `degrees` from the columns, clockwise as seen."""
    rows, columns = np.indices(shape)
    down = (rows - shape[0] / 2 - shift[0]) * mm_per_pixel[0]
    across = (columns - shape[1] / 2 - shift[1]) * mm_per_pixel[1]
    angle = math.radians(degrees)
    along = across * math.cos(angle) + down * math.sin(angle)
    aside = down * math.cos(angle) - across * math.sin(angle)
    mask: Mask = (along / semi_axes[0]) ** 2 + (aside / semi_axes[1]) ** 2 <= 1
    return mask


def draw_rectangle(rows: int, columns: int, *, top: int = 3, left: int = 5) -> Mask:
    mask = np.zeros((top + rows + 4, left + columns + 6), bool)
    mask[top : top + rows, left : left + columns] = True
    return mask


def draw_blob(seed: int, shape: tuple[int, int] = (9, 12)) -> Mask:
    """One ragged component, without symmetry, from random pixels around a line."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, bool)
    row = shape[0] // 2
    for column in range(1, shape[1] - 1):
        row = int(np.clip(row + rng.integers(-1, 2), 1, shape[0] - 2))
        mask[row - rng.integers(0, 2) : row + rng.integers(1, 3), column] = True
    return mask


U_SHAPE = np.array(
    [
        [1, 0, 0, 0, 0, 1],
        [1, 0, 0, 0, 0, 1],
        [1, 1, 1, 1, 1, 1],
    ],
    bool,
)
"""A component that is hollow at the top, 3 x 6."""
