"""The measurement groups of lesions in a report, PS3.16 TID 1410 and TID 1501."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CoordinatesForMeasurement,
    FindingSite,
    ImageRegion,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurement,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.axis import Axis
from pipeline.lesions.lesion import Lesion
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.breast_codes import ARTIFICIAL_INTELLIGENCE, BREAST, LESION, find_side
from pipeline.writers.dicom.lesion_tracking import track_lesion
from pipeline.writers.dicom.result_object import MANUFACTURER, ResultKind, make_object_uid
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.segment_planes import order_planes
from pipeline.writers.dicom.source_header import SourceHeader

Group = PlanarROIMeasurementsAndQualitativeEvaluations | MeasurementsAndQualitativeEvaluations

ABSENT = Code("272519000", "SCT", "Absent")
MEAN = Code("373098007", "SCT", "Mean")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
LONG_AXIS = Code("103339001", "SCT", "Long Axis")
SHORT_AXIS = Code("103340004", "SCT", "Short Axis")
AREA = Code("42798000", "SCT", "Area")
PERCENT = Code("%", "UCUM", "Percent")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
SQUARE_MILLIMETRE = Code("mm2", "UCUM", "square millimeter")

DECIMALS_OF_PERCENT = 1

PIXEL_CENTRE = 0.5
"""Spatial coordinates begin at the corner of the first pixel, array indices at its centre
(PS3.3 C.18.6.1.2)."""


def measure_lesions(
    header: SourceHeader, model: ModelIdentity, frames: Sequence[ResultFrame], *, segmentation: bool
) -> list[Group]:
    """Make one or two groups of each lesion.

    The first has the outline, and what was measured within it (TID 1410). With a calibration the
    second, of the same tracking UID, has the axes with their ends: TID 1410 has no place for them,
    TID 1501 has.

    Args:
        header: of the image.
        model: that found the lesions.
        frames: of the image.
        segmentation: whether to refer to the frames of the image's segmentation.
    """
    places = {plane[1:]: i for i, plane in enumerate(order_planes(frames), start=1)}
    groups: list[Group] = []
    for frame in sorted(frames, key=lambda frame: frame.number):
        for lesion in sorted(frame.lesions, key=lambda lesion: lesion.number):
            place = places[frame.number, lesion.number] if segmentation else None
            groups.append(_measure_region(header, model, frame.number, lesion, place))
            axes = _measure_axes(header, frame.number, lesion)
            if axes:
                about = _describe(header, model, frame.number, lesion)
                groups.append(MeasurementsAndQualitativeEvaluations(measurements=axes, **about))
    return groups


def report_absence(header: SourceHeader, model: ModelIdentity) -> Group:
    """Make the group that says that there is no lesion."""
    uid = make_result_uid(header.sop_instance_uid, model, "no lesion")
    stand_in_class = header.make_stand_in().SOPClassUID
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid, "No lesion segmented"),
        algorithm_id=_identify_algorithm(model),
        finding_sites=[FindingSite(BREAST, laterality=find_side(header))],
        qualitative_evaluations=[QualitativeEvaluation(LESION, ABSENT)],
        source_images=[SourceImageForMeasurementGroup(stand_in_class, header.sop_instance_uid)],
    )


def _measure_region(
    header: SourceHeader, model: ModelIdentity, frame: int, lesion: Lesion, place: int | None
) -> Group:
    images = None
    if place is not None:
        uid = make_object_uid(header, model, ResultKind.SEGMENTATION)
        images = [SourceImageForMeasurement(SegmentationStorage, uid, [place])]
    measurements = []
    if lesion.area_mm2 is not None and lesion.mm_per_pixel is not None:
        value = _round_to_step(lesion.area_mm2, math.prod(lesion.mm_per_pixel))
        measurements.append(Measurement(AREA, value, SQUARE_MILLIMETRE, referenced_images=images))
    percent = round(100.0 * lesion.probability, DECIMALS_OF_PERCENT)
    measurements.append(
        Measurement(CERTAINTY, percent, PERCENT, derivation=MEAN, referenced_images=images)
    )
    return PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=ImageRegion(
            graphic_type="POLYLINE",
            graphic_data=_outline(lesion),
            source_image=_refer_to_frame(header, frame),
        ),
        measurements=measurements,
        **_describe(header, model, frame, lesion),
    )


def _measure_axes(header: SourceHeader, frame: int, lesion: Lesion) -> list[Measurement]:
    axes = [(LONG_AXIS, lesion.long_axis), (SHORT_AXIS, lesion.short_axis)]
    return [
        Measurement(
            name=name,
            value=_round_to_step(axis.length_mm, min(lesion.mm_per_pixel)),
            unit=MILLIMETRE,
            referenced_coordinates=[
                CoordinatesForMeasurement(
                    graphic_type="POLYLINE",
                    graphic_data=_ends(axis),
                    source_image=_refer_to_frame(header, frame),
                )
            ],
        )
        for name, axis in axes
        if axis.length_mm is not None and lesion.mm_per_pixel is not None
    ]


def _describe(
    header: SourceHeader, model: ModelIdentity, frame: int, lesion: Lesion
) -> dict[str, Any]:
    tracking = track_lesion(header, model, frame, lesion.number)
    return {
        "tracking_identifier": TrackingIdentifier(tracking.uid, tracking.identifier),
        "finding_type": LESION,
        "algorithm_id": _identify_algorithm(model),
        "finding_sites": [FindingSite(BREAST, laterality=find_side(header))],
    }


def _refer_to_frame(header: SourceHeader, frame: int) -> SourceImageForRegion:
    numbers = [frame] if header.is_cine else None
    stand_in_class = header.make_stand_in().SOPClassUID
    return SourceImageForRegion(stand_in_class, header.sop_instance_uid, numbers)


def _identify_algorithm(model: ModelIdentity) -> AlgorithmIdentification:
    """Name the algorithm as reports do, TID 4019."""
    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"weights_sha256={model.weights_sha256}"],
        family=ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


def _round_to_step(value: float, step: float) -> float:
    """Round to the power of ten at or below the step that a pixel makes: to 0.1 for 0.16."""
    return round(value, max(0, math.ceil(-math.log10(step))))


def _ends(axis: Axis) -> NDArray[np.float64]:
    """Give column and row of both ends, (2, 2) float64."""
    ends: NDArray[np.float64] = np.array([axis.start[::-1], axis.end[::-1]]) + PIXEL_CENTRE
    return ends


def _outline(lesion: Lesion) -> NDArray[np.float64]:
    """Give the outer boundary, without corners that lie on a straight line.

    Returns:
        (N, 2) float64, column and row of the corners; the last is the first.
    """
    points = lesion.contours[0][:-1, ::-1]
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    # Exact, as all coordinates are halves.
    corners = points[before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]]
    outline: NDArray[np.float64] = np.vstack([corners, corners[:1]]) + PIXEL_CENTRE
    return outline
