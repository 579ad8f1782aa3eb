"""Map lesions found on a coarser grid back to the source."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.lesions.axis import Axis
from pipeline.lesions.lesion import Lesion

_Number = TypeVar("_Number", bound=np.generic)


def enlarge_lesion(lesion: Lesion, step: int) -> Lesion:
    """Return the lesion in the image whose squares were pixels.

    Args:
        lesion: measured in squares, with mm of a square.
        step: pixels along a side of a square, a power of 2.

    Returns:
        The same lesion, measured in pixels; what is in mm or a share stays.
    """
    if step == 1:
        return lesion
    mm = lesion.mm_per_pixel
    row, column = lesion.centroid
    top, left, bottom, right = lesion.box
    return replace(
        lesion,
        area_px=lesion.area_px * step**2,
        long_axis=_enlarge_axis(lesion.long_axis, step),
        short_axis=_enlarge_axis(lesion.short_axis, step),
        depth_px=lesion.depth_px * step,
        width_px=lesion.width_px * step,
        top_distance_px=lesion.top_distance_px * step,
        centroid=(_enlarge_place(row, step), _enlarge_place(column, step)),
        box=(top * step, left * step, bottom * step, right * step),
        mm_per_pixel=mm and (mm[0] / step, mm[1] / step),
        contours=tuple((points + 0.5) * step - 0.5 for points in lesion.contours),
        mask=lesion.mask.repeat(step, axis=0).repeat(step, axis=1),
    )


def enlarge_map(values: NDArray[_Number], step: int, shape: tuple[int, int]) -> NDArray[_Number]:
    """Give each pixel the value of its square.

    Args:
        values: (h, w).
        step: pixels along a side of a square.
        shape: rows and columns of the source; 0 is where lines at its border fill no square.

    Examples:
        >>> enlarge_map(np.array([[1, 2]]), 2, (3, 4)).tolist()
        [[1, 1, 2, 2], [1, 1, 2, 2], [0, 0, 0, 0]]
    """
    if step == 1:
        return values
    enlarged = np.zeros(shape, values.dtype)
    rows, columns = (side * step for side in values.shape)
    for row in range(step):
        for column in range(step):
            enlarged[row:rows:step, column:columns:step] = values
    return enlarged


def _enlarge_axis(axis: Axis, step: int) -> Axis:
    (row0, column0), (row1, column1) = axis.start, axis.end
    return replace(
        axis,
        start=(_enlarge_place(row0, step), _enlarge_place(column0, step)),
        end=(_enlarge_place(row1, step), _enlarge_place(column1, step)),
        length_px=axis.length_px * step,
    )


def _enlarge_place(place: float, step: int) -> float:
    """Move a coordinate of the grid on which 0 is the middle of the first square."""
    return (place + 0.5) * step - 0.5
