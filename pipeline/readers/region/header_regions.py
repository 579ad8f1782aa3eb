"""The B-mode images in a DICOM header, before any of it is trusted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom import Dataset

from pipeline.errors import ReadError
from pipeline.readers.limits import MOST_REGIONS
from pipeline.readers.region.calibrated_region import Box
from pipeline.readers.region.refuse_scale import refuse_scale

MmPerPixel = tuple[float, float]

_TISSUE_FORMAT = 1
"""*Region Spatial Format* (0018,6012) 2D."""
_TISSUE_TYPES = (1, 2)
"""*Region Data Type* (0018,6014): tissue and colour flow."""
_CENTIMETRES, _MM_PER_CM = 3, 10.0
"""*Physical Units X* and *Y Direction* (0018,6024), (0018,6026) of a length."""
_LEAST_SHARE = 0.05
"""Share of the frame below which a region is an icon or a mistake."""
_OVERLAP_SHARE = 0.1
"""Share of the smaller one of two regions by which they are one image, and not side by side."""
_SAME_SCALE = 0.01
"""Relative difference of two spacings that is rounding."""


@dataclass(frozen=True)
class HeaderRegion:
    """A B-mode image as the header describes it.

    Attributes:
        box: around all of it; may lie beyond the frame.
        stated_mm: between rows and between columns, as in the header; `None` if no length.
        parts: the boxes that it is made of, at least one.
        is_contradictory: whether the parts have several scales.
    """

    box: Box
    stated_mm: MmPerPixel | None
    parts: tuple[Box, ...]
    is_contradictory: bool = False

    @property
    def fault(self) -> str:
        """Why the mm of the header are not trusted; empty if they are, or if there are none."""
        if self.is_contradictory:
            return "regions that overlap have several scales"
        size = self.box[2] - self.box[0], self.box[3] - self.box[1]
        return "" if self.stated_mm is None else refuse_scale(self.stated_mm, size)

    @property
    def mm(self) -> MmPerPixel | None:
        """Mm between rows and between columns that can be believed."""
        return None if self.fault else self.stated_mm


def list_items(dataset: Dataset) -> list[Dataset]:
    """List the items of *Sequence of Ultrasound Regions* (0018,6011).

    Raises:
        ReadError: there are more than `MOST_REGIONS`, or it is no sequence.
    """
    items = dataset.get("SequenceOfUltrasoundRegions") or []
    if isinstance(items, str | bytes):
        msg = "expected ultrasound regions (0018,6011) as a sequence, got another representation"
        raise ReadError(msg)
    if len(items) > MOST_REGIONS:
        msg = f"expected at most {MOST_REGIONS} ultrasound regions (0018,6011), got {len(items)}"
        raise ReadError(msg)
    return list(items)


def read_header_regions(items: Sequence[Dataset], rows: int, columns: int) -> list[HeaderRegion]:
    """Read the items that are images; those that overlap are one.

    Args:
        items: of *Sequence of Ultrasound Regions* (0018,6011).
        rows: H, height of the frame.
        columns: W, width of the frame.
    """
    images = [image for item in items if (image := _read_image(item)) is not None]
    return _merge([image for image in images if is_large(image.box, rows, columns)])


def is_large(box: Box, rows: int, columns: int) -> bool:
    """Return whether a box is large enough to be an image, and no icon.

    Args:
        box: of the image.
        rows: H, height of the frame.
        columns: W, width of the frame.
    """
    height, width = box[2] - box[0], box[3] - box[1]
    return height > 0 and width > 0 and height * width >= _LEAST_SHARE * rows * columns


def is_same_scale(first: MmPerPixel | None, second: MmPerPixel | None) -> bool:
    """Return whether two sizes of pixels, or two unknown ones, are the same but for rounding.

    Args:
        first: mm between rows and between columns.
        second: the same.
    """
    if first is None or second is None:
        return first is second
    return all(math.isclose(*pair, rel_tol=_SAME_SCALE) for pair in zip(first, second, strict=True))


def _read_image(item: Dataset) -> HeaderRegion | None:
    """Read an item; `None` if it is no 2D image, or misses a corner.

    Corners are inclusive: *Region Location Min X0*, *Min Y0*, *Max X1*, *Max Y1* (0018,6018),
    (0018,601A), (0018,601C), (0018,601E).
    """
    is_2d = item.get("RegionSpatialFormat") == _TISSUE_FORMAT
    if not is_2d or item.get("RegionDataType") not in _TISSUE_TYPES:
        return None
    corners = ("MinY0", "MinX0", "MaxY1", "MaxX1")
    try:
        top, left, bottom, right = (int(item[f"RegionLocation{name}"].value) for name in corners)
    except (KeyError, TypeError, ValueError):
        return None
    box = top, left, bottom + 1, right + 1
    return HeaderRegion(box, _read_deltas(item), (box,))


def _read_deltas(item: Dataset) -> MmPerPixel | None:
    units = (item.get("PhysicalUnitsYDirection"), item.get("PhysicalUnitsXDirection"))
    if units != (_CENTIMETRES, _CENTIMETRES):
        return None
    # Upwards and to the left deltas are negative; the size of a pixel is not.
    down, across = (abs(_read_number(item.get(f"PhysicalDelta{axis}"))) for axis in "YX")
    return down * _MM_PER_CM, across * _MM_PER_CM


def _read_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _merge(images: list[HeaderRegion]) -> list[HeaderRegion]:
    """Make one image of those that overlap; it has mm if theirs are the same."""
    merged: list[HeaderRegion] = []
    for image in images:
        apart = [other for other in merged if not _overlap(image.box, other.box)]
        for other in (other for other in merged if other not in apart):
            corners = list(zip(image.box, other.box, strict=True))
            top, left, bottom, right = *map(min, corners[:2]), *map(max, corners[2:])
            image = HeaderRegion(
                (top, left, bottom, right),
                image.stated_mm,
                image.parts + other.parts,
                image.is_contradictory
                or other.is_contradictory
                or not is_same_scale(image.stated_mm, other.stated_mm),
            )
        merged = [*apart, image]
    return merged


def _overlap(first: Box, second: Box) -> bool:
    height, width = (
        min(first[axis + 2], second[axis + 2]) - max(first[axis], second[axis]) for axis in (0, 1)
    )
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return min(height, width) > 0 and height * width > _OVERLAP_SHARE * min(areas)
