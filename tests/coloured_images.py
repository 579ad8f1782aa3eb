"""A grey picture with flow, a frame and calipers drawn over it in colour."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

ROWS, COLUMNS = 120, 180
BLOBS = (
    (24, 30, 5, (140, 20, 0)),
    (50, 60, 6, (255, 230, 0)),
    (60, 100, 6, (0, 30, 150)),
    (30, 80, 4, (0, 220, 255)),
)
"""Row, column, radius in px and colour: slow and fast flow, towards the probe and away."""
FRAME = (10, 15, 75, 110)
GREEN, YELLOW = (0, 200, 0), (255, 255, 0)


def make_grey(rows: int = ROWS, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Make tissue without colour, (H, W)."""
    noise = np.random.default_rng(0).normal(0, 12, (rows, columns))
    return np.clip(90 + noise + 40 * np.sin(np.arange(columns) / 9), 0, 255).astype(np.uint8)


def draw_colours(grey: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Draw over it: RGB (H, W, 3), and where it was drawn (H, W)."""
    rgb = np.repeat(grey[..., None], 3, axis=2)
    drawn = np.zeros(grey.shape, np.bool_)
    rows, columns = np.ogrid[: grey.shape[0], : grey.shape[1]]
    for row, column, radius, colour in BLOBS:
        blob = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        rgb[blob], drawn[blob] = colour, True
    top, left, bottom, right = FRAME
    for line in (np.s_[top, left:right], np.s_[bottom, left:right]):
        rgb[line], drawn[line] = GREEN, True
    for line in (np.s_[top:bottom, left], np.s_[top:bottom, right]):
        rgb[line], drawn[line] = GREEN, True
    for cross in (np.s_[82:87, 60], np.s_[84, 58:63]):
        rgb[cross], drawn[cross] = YELLOW, True
    return rgb, drawn


def with_margin(drawn: NDArray[np.bool_], margin: int = 2) -> NDArray[np.bool_]:
    """Add the margin of `find_coloured`, 2 px to each side and corner."""
    widened: NDArray[np.bool_] = binary_dilation(drawn, np.ones((3, 3)), iterations=margin)
    return widened
