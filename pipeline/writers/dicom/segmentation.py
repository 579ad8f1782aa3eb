"""The masks of an image as DICOM Segmentation, PS3.3 A.51."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.valuerep import DS

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import Lesion
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.breast_codes import (
    BREAST,
    CATEGORY,
    LESION,
    find_side,
    identify_algorithm,
    make_code_item,
)
from pipeline.writers.dicom.check_frames import check_frames
from pipeline.writers.dicom.lesion_tracking import track_lesion
from pipeline.writers.dicom.result_object import ResultKind, describe_object, finish_object
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.segment_planes import order_planes
from pipeline.writers.dicom.source_header import LOSSY, SourceHeader

Geometry = Literal["nominal", "none"]

IN_PLANE = ["1", "0", "0", "0", "1", "0"]
"""*Image Orientation (Patient)* (0020,0037) of the nominal grid: rows and columns as displayed."""

NOMINAL_STEP = "1"
"""*Slice Thickness* (0018,0050) of the nominal grid, and its step from frame to frame. It puts the
frames in order; ultrasound has neither. dcmqi and highdicom open no *Pixel Spacing* without."""

NO_CALIBRATION = "No calibration known, no size in mm"
"""*Pixel Spacing Calibration Description* (0028,0A04) of a source whose scale is not known."""

COLORS = ((255, 210, 0), (0, 190, 255), (255, 90, 200), (90, 220, 90), (255, 130, 40))
"""RGB of the segments, one after the other."""


class _Plane(NamedTuple):
    """A frame of the segmentation: a `SegmentPlane`, and the lesion that it shows."""

    segment: int
    frame: int
    number: int
    lesion: Lesion


def build_segmentation(
    source: Dataset,
    frames: Sequence[ResultFrame],
    *,
    model: ModelIdentity,
    mm_per_pixel: tuple[float, float] | None,
    geometry: Geometry = "nominal",
) -> Dataset:
    """Build a binary segmentation, with a segment for each lesion number.

    Lesions are numbered separately in each frame. So a segment that covers one frame has the
    tracking UID of its lesion, as in the report; one of several frames has none, since nothing says
    that they show the same lesion.

    Ultrasound images have no position in the patient, but viewers ask for one. The nominal geometry
    is a grid for display: rows and columns as in the image and, with a calibration, its mm per
    pixel; thickness and step from frame to frame mean nothing. Without calibration it says in words
    that there is none, and no number in mm, for OHIF asks for an item of *Pixel Measures Sequence*
    (0028,9110), whatever is in it. No *Frame of Reference UID* (0020,0052) is made up.

    Args:
        source: header of the image; its pixels are not needed.
        frames: frames of it; those without lesion are left out.
        model: that made the masks.
        mm_per_pixel: mm between rows and between columns; `None` without calibration, and then no
            spacing and no position is written.
        geometry: ``none`` leaves the geometry out; highdicom reads that without calibration too.

    Returns:
        The object with its File Meta Information. The same arguments give the same object.

    Raises:
        ValueError: there is no lesion, or frames and lesions do not fit the image.
        WriteError: the image has no valid UIDs to refer to.
    """
    header = SourceHeader(source)
    planes = _collect_planes(header, frames)
    segments = max(plane.segment for plane in planes)
    stand_in = header.make_stand_in()
    header.copy_to(stand_in, LOSSY if header.lossy == "01" else ())
    stand_in.Rows = stand_in.Columns = 1  # as the pixels, which are replaced
    built = Segmentation(
        source_images=[stand_in],
        # highdicom takes a single frame of an image without position: its pixels are replaced.
        pixel_array=np.zeros((1, 1, 1, segments), dtype=np.uint8),
        omit_empty_frames=False,
        segmentation_type="BINARY",
        segment_descriptions=_describe_segments(header, model, planes),
        content_label="BREAST_LESIONS",
        content_description="Lesions found by AI. Research use only.",
        **describe_object(header, model, ResultKind.SEGMENTATION, "lesions, research only"),
    )
    _set_pixels(built, planes, header.shape)
    _set_dimensions(built, header, model)
    _set_functional_groups(built, header, planes)
    if geometry == "nominal":
        _set_geometry(built, planes, mm_per_pixel)
    result = finish_object(built, header)
    result.ContentCreatorName = result.PatientOrientation = ""
    header.copy_to(result, ["PatientOrientation"])
    return result


def _collect_planes(header: SourceHeader, frames: Sequence[ResultFrame]) -> list[_Plane]:
    check_frames(header, frames)
    lesions = {
        (frame.number, lesion.number): lesion for frame in frames for lesion in frame.lesions
    }
    planes = [_Plane(*each, lesions[each.frame, each.lesion]) for each in order_planes(frames)]
    if not planes:
        msg = "expected a lesion in at least one frame, got none: use a report for that"
        raise ValueError(msg)
    return planes


def _describe_segments(
    header: SourceHeader, model: ModelIdentity, planes: Sequence[_Plane]
) -> list[SegmentDescription]:
    side = find_side(header)
    descriptions = []
    for segment in range(1, max(plane.segment for plane in planes) + 1):
        covered = [plane for plane in planes if plane.segment == segment]
        tracking = track_lesion(header, model, covered[0].frame, covered[0].number)
        description = SegmentDescription(
            segment_number=segment,
            segment_label=f"Lesion {segment}",
            segmented_property_category=CATEGORY,
            segmented_property_type=LESION,
            algorithm_type="AUTOMATIC",
            algorithm_identification=identify_algorithm(model),
            tracking_id=tracking.identifier if len(covered) == 1 else None,
            tracking_uid=tracking.uid if len(covered) == 1 else None,
            anatomic_regions=[BREAST],
            display_color=CIELabColor.from_rgb(*COLORS[(segment - 1) % len(COLORS)]),
        )
        if len(covered) > 1:
            description.SegmentDescription = "Numbered separately in each frame, not tracked."
        if side is not None:
            region = description.AnatomicRegionSequence[0]
            region.AnatomicRegionModifierSequence = [make_code_item(side)]
        descriptions.append(description)
    return descriptions


def _set_pixels(built: Dataset, planes: Sequence[_Plane], shape: tuple[int, int]) -> None:
    built.NumberOfFrames = len(planes)
    built.Rows, built.Columns = shape
    built.SegmentsOverlap = "NO"
    # One stream of bits: frames do not begin at a byte (PS3.5 8.1.1), but each of `count` does.
    count = 8 // math.gcd(8, shape[0] * shape[1])
    parts = [
        np.packbits([_draw(plane, shape) for plane in planes[i : i + count]], bitorder="little")
        for i in range(0, len(planes), count)
    ]
    bits = b"".join(part.tobytes() for part in parts)
    built.PixelData = bits + bytes(len(bits) % 2)
    built["PixelData"].VR = "OB"


def _draw(plane: _Plane, shape: tuple[int, int]) -> NDArray[np.bool_]:
    drawn = np.zeros(shape, bool)
    top, left, bottom, right = plane.lesion.box
    drawn[top:bottom, left:right] = plane.lesion.mask
    return drawn


def _set_dimensions(built: Dataset, header: SourceHeader, model: ModelIdentity) -> None:
    """Name the indices of frames, PS3.3 C.7.6.17: segment and, for a cine, place in time."""
    uid = make_result_uid(header.sop_instance_uid, model, "SEG dimensions")
    built.DimensionOrganizationSequence = [Dataset()]
    built.DimensionOrganizationSequence[0].DimensionOrganizationUID = uid
    pointers = [("ReferencedSegmentNumber", "SegmentIdentificationSequence", "Segment")]
    if header.is_cine:
        pointers.append(("TemporalPositionIndex", "FrameContentSequence", "Frame"))
    built.DimensionIndexSequence = []
    for pointer, group, label in pointers:
        item = Dataset()
        item.DimensionOrganizationUID = uid
        item.DimensionIndexPointer = pointer
        item.FunctionalGroupPointer = group
        item.DimensionDescriptionLabel = label
        built.DimensionIndexSequence.append(item)


def _set_functional_groups(built: Dataset, header: SourceHeader, planes: Sequence[_Plane]) -> None:
    """Say of each frame which segment and which image it belongs to (PS3.3 A.51.5)."""
    derivation = built.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    built.SharedFunctionalGroupsSequence = [Dataset()]
    built.PerFrameFunctionalGroupsSequence = []
    for plane in planes:
        content, segment, item = Dataset(), Dataset(), Dataset()
        content.DimensionIndexValues = [plane.segment]
        item.DerivationImageSequence = [_copy_item(derivation)]
        if header.is_cine:
            content.DimensionIndexValues = [plane.segment, plane.frame]
            content.TemporalPositionIndex = plane.frame
            reference = item.DerivationImageSequence[0].SourceImageSequence[0]
            reference.ReferencedFrameNumber = plane.frame
        # In each frame, though it may be the same in all: Weasis and dcmqi look here only.
        segment.ReferencedSegmentNumber = plane.segment
        item.FrameContentSequence = [content]
        item.SegmentIdentificationSequence = [segment]
        built.PerFrameFunctionalGroupsSequence.append(item)


def _set_geometry(
    built: Dataset, planes: Sequence[_Plane], mm_per_pixel: tuple[float, float] | None
) -> None:
    shared = built.SharedFunctionalGroupsSequence[0]
    orientation = Dataset()
    orientation.ImageOrientationPatient = IN_PLANE
    shared.PlaneOrientationSequence = [orientation]
    measures = Dataset()
    shared.PixelMeasuresSequence = [measures]
    if mm_per_pixel is None:
        measures.PixelSpacingCalibrationDescription = NO_CALIBRATION
        return
    measures.PixelSpacing = [DS(mm, auto_format=True) for mm in mm_per_pixel]
    measures.SliceThickness = NOMINAL_STEP
    for item, plane in zip(built.PerFrameFunctionalGroupsSequence, planes, strict=True):
        position = Dataset()
        position.ImagePositionPatient = ["0", "0", str(plane.frame - 1)]
        item.PlanePositionSequence = [position]


def _copy_item(item: Dataset) -> Dataset:
    """Copy an item as a plain dataset, for highdicom's items refuse changes."""
    return Dataset.from_json(item.to_json())
