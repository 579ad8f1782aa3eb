"""From the regions of an ultrasound file to what is segmented, and mm where they hold."""

import math
from dataclasses import dataclass, replace
from typing import Any

from pydicom import Dataset

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.field_edges import (
    Corners,
    FloatImage,
    fills_columns,
    fills_rows,
    reaches_beyond,
)
from pipeline.readers.field_of_view import find_box
from pipeline.readers.limits import MOST_REGIONS

MmPerPixel = tuple[float, float]

_TISSUE_FORMAT, _TRACE_FORMATS = 1, (2, 3, 4)
"""*Region Spatial Format* (0018,6012): 2D; M-mode, spectrum and waveform."""
_TISSUE_TYPES = (1, 2)
"""*Region Data Type* (0018,6014): tissue and colour flow."""
_CENTIMETRES, _MM_PER_CM = 3, 10.0
"""*Physical Units X* and *Y Direction* (0018,6024), (0018,6026) of a length."""
_BEYOND_EDGE_PX = 1
"""Vendors write the number of columns as the last one; only more than that is beyond the frame."""
_LEAST_SHARE = 0.05
"""Share of the frame below which a region is an icon or a mistake."""
_OVERLAP_SHARE = 0.1
"""Share of the smaller one of two regions by which they are one image, and not side by side."""
_SAME_SCALE = 0.01
"""Relative difference of two spacings that is rounding."""
_DEEPEST_MM = 400.0
"""Depth that no scanner shows: a calibration that leads to it is a mistake."""


def find_calibrated_regions(
    dataset: Dataset,
    rows: int,
    columns: int,
    *,
    grey: FloatImage | None = None,
    find_field: bool = True,
) -> list[CalibratedRegion]:
    """Find the B-mode images of a frame, and the size of their pixels.

    Taken are items of *Sequence of Ultrasound Regions* (0018,6011), PS3.3 section C.8.5.5, with
    *Region Spatial Format* (0018,6012) 2D and *Region Data Type* (0018,6014) tissue or colour
    flow. *Physical Delta X* and *Y* (0018,602C), (0018,602E) count if *Physical Units X* and *Y
    Direction* (0018,6024), (0018,6026) both are cm. Without any such item *Pixel Spacing*
    (0028,0030) counts. A wrong size in mm is worse than none: what contradicts itself, the frame
    or the pixels has none.

    Args:
        dataset: the parsed header; each instance has its own calibration, even in one series.
        rows: H, height of the frame.
        columns: W, width of the frame.
        grey: (H, W) float32, 0 to 255, a frame; without it no field of view is looked for, and a
            region beyond the frame has no mm.
        find_field: look for the field of view in the pixels where no region can be relied on.

    Returns:
        One region or more, from the left to the right: each of its own scale if images lie side
        by side, one around those that overlap.

    Raises:
        SkippedError: the file tells of M-mode, spectra or waveforms, and of no 2D image.
        ReadError: it tells of more than `MOST_REGIONS` regions.

    References:
        https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.8.5.5.html
    """
    items = _list_items(dataset)
    images = [image for item in items if (image := _read_image(item)) is not None]
    images = [image for image in images if _is_large(image.box, rows, columns)]
    spacing = _read_spacing(dataset, rows)
    if not images:
        if any(item.get("RegionSpatialFormat") in _TRACE_FORMATS for item in items):
            msg = "not a B-mode image: its regions (0018,6011) are M-mode, spectra or waveforms"
            raise SkippedError(msg)
        box = find_box(grey) if find_field and grey is not None else None
        origin = RegionOrigin.WHOLE if box is None else RegionOrigin.FOUND
        return [CalibratedRegion(box or (0, 0, rows, columns), spacing, origin)]
    regions = _fit(_merge(images), rows, columns, grey)
    if not regions:
        box = find_box(grey) if find_field and grey is not None else None
        return [CalibratedRegion(box or (0, 0, rows, columns), None, RegionOrigin.RESCALED)]
    return sorted(regions, key=lambda region: (region.box[1], region.box[0]))


def contradicts_spacing(dataset: Dataset, rows: int) -> bool:
    """Tell whether *Pixel Spacing* (0028,0030) is another one than that of the regions.

    The regions count then.

    Args:
        dataset: the parsed header.
        rows: H, height of the frame.
    """
    spacing = _read_spacing(dataset, rows)
    items = _list_items(dataset)
    images = [image for item in items if (image := _read_image(item)) is not None]
    return spacing is not None and not all(_is_same(image.mm, spacing) for image in images)


@dataclass(frozen=True)
class _Image:
    """A box as the file tells it, which may lie beyond the frame, and its mm per pixel."""

    box: Corners
    mm: MmPerPixel | None


def _list_items(dataset: Dataset) -> list[Dataset]:
    items = dataset.get("SequenceOfUltrasoundRegions") or []
    if len(items) > MOST_REGIONS:
        msg = f"expected at most {MOST_REGIONS} ultrasound regions (0018,6011), got {len(items)}"
        raise ReadError(msg)
    return list(items)


def _read_image(item: Dataset) -> _Image | None:
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
    return _Image(box, _read_deltas(item, bottom + 1 - top))


def _read_deltas(item: Dataset, rows: int) -> MmPerPixel | None:
    units = (item.get("PhysicalUnitsYDirection"), item.get("PhysicalUnitsXDirection"))
    if units != (_CENTIMETRES, _CENTIMETRES):
        return None
    # Upwards and to the left deltas are negative; the size of a pixel is not.
    deltas = [_read_number(item.get(f"PhysicalDelta{axis}")) for axis in "YX"]
    mm = abs(deltas[0]) * _MM_PER_CM, abs(deltas[1]) * _MM_PER_CM
    return mm if _is_plausible(mm, rows) else None


def _read_spacing(dataset: Dataset, rows: int) -> MmPerPixel | None:
    try:
        down, across = (float(value) for value in dataset.get("PixelSpacing") or ())
    except (TypeError, ValueError):
        return None
    return (down, across) if _is_plausible((down, across), rows) else None


def _read_number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _is_plausible(mm: MmPerPixel, rows: int) -> bool:
    return all(0 < value < math.inf for value in mm) and mm[0] * rows <= _DEEPEST_MM


def _is_large(box: Corners, rows: int, columns: int) -> bool:
    height, width = box[2] - box[0], box[3] - box[1]
    return height > 0 and width > 0 and height * width >= _LEAST_SHARE * rows * columns


def _merge(images: list[_Image]) -> list[_Image]:
    """Make one image of those that overlap; it has mm if theirs are the same."""
    merged: list[_Image] = []
    for image in images:
        apart = [other for other in merged if not _overlap(image.box, other.box)]
        for other in (other for other in merged if other not in apart):
            corners = list(zip(image.box, other.box, strict=True))
            top, left, bottom, right = *map(min, corners[:2]), *map(max, corners[2:])
            mm = image.mm if _is_same(image.mm, other.mm) else None
            image = _Image((top, left, bottom, right), mm)
        merged = [*apart, image]
    return merged


def _overlap(first: Corners, second: Corners) -> bool:
    height, width = (
        min(first[axis + 2], second[axis + 2]) - max(first[axis], second[axis]) for axis in (0, 1)
    )
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return min(height, width) > 0 and height * width > _OVERLAP_SHARE * min(areas)


def _is_same(first: MmPerPixel | None, second: MmPerPixel | None) -> bool:
    if first is None or second is None:
        return first is second
    return all(math.isclose(*pair, rel_tol=_SAME_SCALE) for pair in zip(first, second, strict=True))


def _fit(
    images: list[_Image], rows: int, columns: int, grey: FloatImage | None
) -> list[CalibratedRegion]:
    """Clip the images to the frame; none is left if any of them is of another scale."""
    cut = [
        any(image.box[axis] < 0 or image.box[axis + 2] > size + _BEYOND_EDGE_PX for image in images)
        for axis, size in ((0, rows), (1, columns))
    ]
    if all(cut):
        return []
    regions = []
    for image in images:
        top, left, bottom, right = image.box
        box = max(0, top), max(0, left), min(bottom, rows), min(right, columns)
        if any(cut) and not _is_large(box, rows, columns):
            continue  # what was cut off with the console
        if not _agrees(grey, replace(image, box=box), cut):
            return []
        moved = max(abs(at - to) for at, to in zip(image.box, box, strict=True))
        origin = RegionOrigin.CROPPED if moved > _BEYOND_EDGE_PX else RegionOrigin.GIVEN
        regions.append(CalibratedRegion(box, image.mm, origin))
    return regions


def _agrees(grey: FloatImage | None, image: _Image, cut: list[bool]) -> bool:
    """Tell whether the pixels agree, along the axis that is not cut if one is."""
    if grey is None:
        return not any(cut)
    if any(cut):
        return fills_columns(grey, image.box) if cut[0] else fills_rows(grey, image.box)
    return not reaches_beyond(grey, image.box)
