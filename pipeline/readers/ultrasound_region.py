"""Where in the frame the ultrasound is; everything outside may name the patient."""

import logging
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

logger = logging.getLogger(__name__)

Box = NDArray[np.int64]
"""First row, first column, last row + 1, last column + 1, in px of the whole frame."""

_TISSUE_FORMAT = 1
_TISSUE_TYPES = (1, 2)
_BEYOND_EDGE_PX = 1
"""Vendors write the last column as the number of columns; more than that means another scale."""
_LEAST_SHARE = 0.05
"""Share of the frame below which a region is an icon or a mistake."""


def whole_frame(rows: int, columns: int) -> Box:
    """Box of a frame whose region is not known."""
    return np.array([0, 0, rows, columns])


def find_region(dataset: Dataset, rows: int, columns: int) -> Box | None:
    """Find the box around all 2D tissue regions of a DICOM object.

    Taken are items of *Sequence of Ultrasound Regions* (0018,6011) with *Region Spatial Format*
    (0018,6012) 1 (2D) and *Region Data Type* (0018,6014) 1 (tissue) or 2 (colour flow), see PS3.3
    section C.8.5.5. An item that reaches beyond the frame is of another scale, and cutting by it
    would lose tissue: then none is relied on.

    Args:
        dataset: the parsed header.
        rows: height of the frame.
        columns: width of the frame.

    Returns:
        The box, or `None` if no region can be relied on.
    """
    boxes = [_read_box(item) for item in _tissue_items(dataset)]
    if not boxes:
        return None
    corners = np.array(boxes)
    region = np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])
    beyond = region[:2].min() < 0 or (region[2:] - (rows, columns)).max() > _BEYOND_EDGE_PX
    region[2:] = np.minimum(region[2:], (rows, columns))
    height, width = region[2:] - region[:2]
    if beyond or height <= 0 or width <= 0 or height * width < _LEAST_SHARE * rows * columns:
        logger.info("the ultrasound regions do not fit the frame: the whole frame is taken")
        return None
    return region


def _tissue_items(dataset: Dataset) -> Iterable[Dataset]:
    for item in dataset.get("SequenceOfUltrasoundRegions") or []:
        if (
            item.get("RegionSpatialFormat") == _TISSUE_FORMAT
            and item.get("RegionDataType") in _TISSUE_TYPES
        ):
            yield item


def _read_box(item: Dataset) -> tuple[int, int, int, int]:
    """Read the corners, which are inclusive (0018,6018), (601A), (601C), (601E)."""
    return (
        int(item.RegionLocationMinY0),
        int(item.RegionLocationMinX0),
        int(item.RegionLocationMaxY1) + 1,
        int(item.RegionLocationMaxX1) + 1,
    )
