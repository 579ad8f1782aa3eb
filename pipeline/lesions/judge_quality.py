"""Quality flags: why the mask of an image may be poor."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from pipeline.readers.find_coloured import MOST_COLOURED
from pipeline.readers.region.calibrated_region import CalibratedRegion

MOST_BOUNDARY_UNCERTAINTY = 0.5
"""Doubtful over lesion pixels above which masks are poor, see `benchmarks/quality.py`."""

_DARK, _BRIGHT = 8, 254
"""Grey levels below which there is no echo, and from which it is saturated."""
_MOST_DARK, _MOST_BRIGHT = 0.98, 0.25
"""Share of an image's pixels that may be so."""


def judge_quality(
    image: NDArray[Any] | None,
    mask: NDArray[np.bool_],
    regions: Sequence[CalibratedRegion],
    *,
    boundary_uncertainty: float,
    coloured: float = 0.0,
) -> tuple[str, ...]:
    """List what speaks against a mask.

    - ``empty``, ``saturated``: nearly all of the image is black, or a quarter of it is white.
    - ``coloured``: more than a quarter of it is drawn over in colour, as by elastography, so that
      the network sees luma in place of tissue; see `FillColouredd`.
    - ``uncertain boundary``: the network does not know where the lesion ends, see
      `BoundaryUncertaintyd`.
    - ``touches the border``: the lesion goes on outside of the B-mode image, so its size is less
      than the true one.

    Args:
        image: grey values (H, W), 0 to 255; `None` if they are not known.
        mask: (H, W) bool.
        regions: the B-mode images in it.
        boundary_uncertainty: of the image, 0 or more.
        coloured: share of it that is drawn over in colour, 0 to 1.

    Returns:
        The remarks, none if nothing speaks against it.
    """
    remarks = []
    if image is not None:
        inside = [image[_slice(box)] for region in regions for box in region.boxes]
        pixels = sum(part.size for part in inside) or 1
        if sum(np.count_nonzero(part < _DARK) for part in inside) > _MOST_DARK * pixels:
            remarks.append("empty")
        if sum(np.count_nonzero(part >= _BRIGHT) for part in inside) > _MOST_BRIGHT * pixels:
            remarks.append("saturated")
    if coloured > MOST_COLOURED:
        remarks.append("coloured")
    if mask.any() and boundary_uncertainty > MOST_BOUNDARY_UNCERTAINTY:
        remarks.append("uncertain boundary")
    if any(_touches_border(mask, region) for region in regions):
        remarks.append("touches the border")
    return tuple(remarks)


def _slice(box: tuple[int, int, int, int]) -> tuple[slice, slice]:
    top, left, bottom, right = box
    return slice(top, bottom), slice(left, right)


def _touches_border(mask: NDArray[np.bool_], region: CalibratedRegion) -> bool:
    if region.parts:
        inside = np.zeros_like(mask)
        for box in region.parts:
            inside[_slice(box)] = True
        return bool((mask & inside & ~binary_erosion(inside)).any())
    part = mask[_slice(region.box)]
    edges = (part[:1], part[-1:], part[:, :1], part[:, -1:])
    return any(bool(edge.any()) for edge in edges)
