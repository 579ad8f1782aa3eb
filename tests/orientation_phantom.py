"""An image on which any change of geometry shows."""

import numpy as np
from numpy.typing import NDArray


def make_orientation_phantom(
    rows: int = 48, columns: int = 80
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Make an image that no mirroring, transposition or shift leaves unchanged.

    One bright rectangle lies near the top left third, with other offsets and sizes across than
    down; the ground rises from left to right and falls from top to bottom.

    Args:
        rows: H, 12 or more.
        columns: W, 12 or more.

    Returns:
        The image, uint8 (H, W), ground 20 to 80, rectangle 220; and its label, bool (H, W), true
        in the rectangle.

    Raises:
        ValueError: if a side is below 12.
    """
    if min(rows, columns) < 12:
        msg = f"expected at least 12 rows and 12 columns, got {rows} and {columns}"
        raise ValueError(msg)
    across = np.linspace(0, 40, columns)[None, :]
    down = np.linspace(20, 0, rows)[:, None]
    image = np.rint(20 + across + down).astype(np.uint8)
    label = np.zeros((rows, columns), dtype=np.bool_)
    top, left = rows // 6, columns // 4
    label[top : top + max(2, rows // 5), left : left + max(3, columns // 4)] = True
    image[label] = 220
    return image, label
