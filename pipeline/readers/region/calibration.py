"""Find the B-mode regions of a frame and their calibration in mm."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from pydicom import Dataset

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.limits import MOST_IMAGES
from pipeline.readers.region.calibrated_region import Box, CalibratedRegion, RegionOrigin
from pipeline.readers.region.field_edges import (
    GreyImage,
    fills_columns,
    fills_rows,
    may_reach_beyond,
    reaches_beyond,
)
from pipeline.readers.region.field_of_view import find_box
from pipeline.readers.region.foreseen_regions import ForeseenRegions
from pipeline.readers.region.header_regions import (
    HeaderRegion,
    MmPerPixel,
    is_large,
    is_same_scale,
    list_items,
    read_header_regions,
)
from pipeline.readers.region.refuse_scale import refuse_scale

_TRACE_FORMATS = (2, 3, 4)
"""*Region Spatial Format* (0018,6012) of M-mode, spectrum and waveform."""
_BEYOND_EDGE_PX = 1
"""Vendors write the number of columns as the last one; only more than that is beyond the frame."""

_Agrees = Callable[[HeaderRegion, list[bool]], bool]
"""Whether the pixels agree with an image within the frame, and cut off rows or columns."""


def find_calibrated_regions(
    dataset: Dataset,
    rows: int,
    columns: int,
    *,
    grey: GreyImage | None = None,
    find_field: bool = True,
) -> list[CalibratedRegion]:
    """Find the B-mode images of a frame, and the size of their pixels.

    Taken are items of *Sequence of Ultrasound Regions* (0018,6011), PS3.3 section C.8.5.5, with
    *Region Spatial Format* (0018,6012) 2D and *Region Data Type* (0018,6014) tissue or colour
    flow. *Physical Delta X* and *Y* (0018,602C), (0018,602E) count if *Physical Units X* and *Y
    Direction* (0018,6024), (0018,6026) both are cm. Without any such item *Pixel Spacing*
    (0028,0030) counts. A wrong size in mm is worse than none: what `refuse_scale` refuses, and
    what contradicts itself, the frame or the pixels has none.

    Args:
        dataset: the parsed header; each instance has its own calibration, even in one series.
        rows: H, height of the frame.
        columns: W, width of the frame.
        grey: (H, W) float32 or uint8, 0 to 255, a frame; without it no field of view is looked
            for, and a region beyond the frame has no mm.
        find_field: look for the field of view in the pixels where no region can be relied on.

    Returns:
        One region or more, from the left to the right: each of its own scale if images lie side
        by side, one around those that overlap.

    Raises:
        SkippedError: the file has M-mode, spectra or waveforms, and no 2D image.
        ReadError: it has more than `MOST_REGIONS` regions, or more images than
            `MOST_IMAGES`.

    References:
        https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.8.5.5.html
    """
    images = _read_images(dataset, rows, columns)
    if not images:
        spacing, _ = _read_spacing(dataset, rows, columns)
        box = find_box(grey) if find_field and grey is not None else None
        origin = RegionOrigin.WHOLE if box is None else RegionOrigin.FOUND
        return [CalibratedRegion(box or (0, 0, rows, columns), spacing, origin)]
    regions = _fit(images, rows, columns, lambda image, cut: _agrees(grey, image, cut))
    if not regions:
        box = find_box(grey) if find_field and grey is not None else None
        return [CalibratedRegion(box or (0, 0, rows, columns), None, RegionOrigin.RESCALED)]
    return _sort(regions)


def foresee_regions(dataset: Dataset, rows: int, columns: int) -> ForeseenRegions:
    """Foresee what `find_calibrated_regions` will find, as far as the header decides it.

    Args:
        dataset: the parsed header.
        rows: H, height of the frame.
        columns: W, width of the frame.

    Returns:
        The regions as they are if the pixels agree with the header.

    Raises:
        SkippedError: as `find_calibrated_regions`.
        ReadError: as `find_calibrated_regions`.
    """
    images = _read_images(dataset, rows, columns)
    whole = (0, 0, rows, columns)
    if not images:
        spacing, _ = _read_spacing(dataset, rows, columns)
        region = CalibratedRegion(whole, spacing, RegionOrigin.WHOLE)
        return ForeseenRegions((region,), is_place_decided=False)
    regions = _fit(images, rows, columns, lambda image, cut: True)
    if not regions:
        return ForeseenRegions((CalibratedRegion(whole, None, RegionOrigin.RESCALED),))
    is_decided = not any(_find_cut(images, rows, columns)) and not any(
        may_reach_beyond((rows, columns), region.box) for region in regions
    )
    is_known = is_decided or all(region.mm_per_pixel is None for region in regions)
    return ForeseenRegions(
        tuple(_sort(regions)), is_place_decided=is_decided, is_scale_decided=is_known
    )


def remark_scales(dataset: Dataset, rows: int, columns: int) -> tuple[str, ...]:
    """List which sizes in mm of the header do not count, and why.

    Args:
        dataset: the parsed header.
        rows: H, height of the frame.
        columns: W, width of the frame.

    Returns:
        A sentence for each, without a value of the header.

    Raises:
        ReadError: as `find_calibrated_regions`.
    """
    images = read_header_regions(list_items(dataset), rows, columns)
    spacing, fault = _read_spacing(dataset, rows, columns)
    if not images:
        return (f"no mm by Pixel Spacing (0028,0030): {fault}",) if fault else ()
    remarks = dict.fromkeys(
        f"no mm by the ultrasound regions (0018,6011): {image.fault}"
        for image in images
        if image.fault
    )
    if spacing is not None and not all(is_same_scale(image.mm, spacing) for image in images):
        remarks["its Pixel Spacing is not that of its ultrasound regions, which count"] = None
    return tuple(remarks)


def _read_images(dataset: Dataset, rows: int, columns: int) -> list[HeaderRegion]:
    items = list_items(dataset)
    images = read_header_regions(items, rows, columns)
    if not images and any(item.get("RegionSpatialFormat") in _TRACE_FORMATS for item in items):
        msg = "not a B-mode image: its regions (0018,6011) are M-mode, spectra or waveforms"
        raise SkippedError(msg)
    return images


def _read_spacing(dataset: Dataset, rows: int, columns: int) -> tuple[MmPerPixel | None, str]:
    """Read *Pixel Spacing* (0028,0030), and why it is not believed if it is there."""
    stated = dataset.get("PixelSpacing")
    if stated is None or stated == "":
        return None, ""
    try:
        down, across = (float(value) for value in stated)
    except (TypeError, ValueError):
        down = across = math.nan
    fault = refuse_scale((down, across), (rows, columns))
    return (None, fault) if fault else ((down, across), "")


def _sort(regions: Sequence[CalibratedRegion]) -> list[CalibratedRegion]:
    """Sort from the left to the right; there may be too many."""
    if len(regions) > MOST_IMAGES:
        msg = f"expected at most {MOST_IMAGES} B-mode images in a frame, got {len(regions)}"
        raise ReadError(msg)
    return sorted(regions, key=lambda region: (region.box[1], region.box[0]))


def _find_cut(images: Sequence[HeaderRegion], rows: int, columns: int) -> list[bool]:
    """Return whether the images reach beyond the frame in rows, and in columns."""
    return [
        any(image.box[axis] < 0 or image.box[axis + 2] > size + _BEYOND_EDGE_PX for image in images)
        for axis, size in ((0, rows), (1, columns))
    ]


def _fit(
    images: Sequence[HeaderRegion], rows: int, columns: int, agrees: _Agrees
) -> list[CalibratedRegion]:
    """Clip the images to the frame; none is left if any of them is of another scale."""
    cut = _find_cut(images, rows, columns)
    if all(cut):
        return []
    regions = []
    for image in images:
        box = _clip(image.box, rows, columns)
        if any(cut) and not is_large(box, rows, columns):
            continue  # what was cut off with the console
        if not agrees(replace(image, box=box), cut):
            return []
        moved = max(abs(at - to) for at, to in zip(image.box, box, strict=True))
        origin = RegionOrigin.CROPPED if moved > _BEYOND_EDGE_PX else RegionOrigin.GIVEN
        parts = _list_parts([_clip(part, rows, columns) for part in image.parts])
        regions.append(
            CalibratedRegion(box, image.mm, origin, parts=() if parts == (box,) else parts)
        )
    return regions


def _clip(box: Box, rows: int, columns: int) -> Box:
    top, left, bottom, right = box
    return max(0, top), max(0, left), min(bottom, rows), min(right, columns)


def _list_parts(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Leave out what lies in another one, as colour flow does, or beyond the frame."""
    boxes = [box for box in dict.fromkeys(boxes) if box[2] > box[0] and box[3] > box[1]]
    return tuple(
        box for box in boxes if not any(_holds(other, box) for other in boxes if other != box)
    )


def _holds(outer: Box, inner: Box) -> bool:
    return all(outer[axis] <= inner[axis] for axis in (0, 1)) and all(
        outer[axis] >= inner[axis] for axis in (2, 3)
    )


def _agrees(grey: GreyImage | None, image: HeaderRegion, cut: list[bool]) -> bool:
    """Return whether the pixels agree, along the axis that is not cut if one is."""
    if grey is None:
        return not any(cut)
    if any(cut):
        return fills_columns(grey, image.box) if cut[0] else fills_rows(grey, image.box)
    return not reaches_beyond(grey, image.box)
