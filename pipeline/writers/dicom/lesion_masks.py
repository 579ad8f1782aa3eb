"""The pixels of each lesion of a frame."""

import numpy as np
from numpy.typing import NDArray

from pipeline.lesions.lesion import Lesion
from pipeline.results.result_frame import ResultFrame


def lesion_masks(frame: ResultFrame) -> dict[int, NDArray[np.bool_]]:
    """Take a frame's mask apart along the outlines of its lesions.

    Args:
        frame: a mask and its lesions.

    Returns:
        By the lesion's number, in ascending order: (H, W) bool, `True` where that lesion is.

    Raises:
        ValueError: the lesions are not those of the mask, or two have one number.
    """
    left = frame.mask.copy()
    masks: dict[int, NDArray[np.bool_]] = {}
    # A lesion in the hole of another is the smaller one.
    for lesion in sorted(frame.lesions, key=lambda lesion: lesion.area_px):
        mask = _fill_outline(lesion, left.shape) & left
        left &= ~mask
        masks[lesion.number] = mask
        if np.count_nonzero(mask) != lesion.area_px:
            break
    if left.any() or len(masks) != len(frame.lesions):
        msg = (
            f"expected the lesions of frame {frame.number} to be those of its mask, each with a "
            f"number of its own, got {len(frame.lesions)} lesions that do not fit"
        )
        raise ValueError(msg)
    return dict(sorted(masks.items()))


def _fill_outline(lesion: Lesion, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Fill an outline, holes too.

    It crosses from pixel to pixel half-way between their centres, with a corner at each crossing.
    So the corners on a row's centre line tell where the inside begins and ends; skimage's fill
    compares every pixel with every corner instead, which takes seconds for a large lesion.
    """
    filled = np.zeros(shape, bool)
    top, left, bottom, right = lesion.box
    inside = filled[top:bottom, left:right]
    for contour in lesion.contours:
        corners = contour[:-1] - (top, left)
        rows, columns = corners[corners[:, 0] == np.rint(corners[:, 0])].T
        turns = np.zeros((bottom - top, right - left + 1), bool)
        turns[rows.astype(int), np.ceil(columns).astype(int)] = True
        inside |= np.logical_xor.accumulate(turns, axis=1)[:, :-1]
    return filled
