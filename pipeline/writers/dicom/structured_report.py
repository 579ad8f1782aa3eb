"""The lesions of an image as Structured Report, PS3.3 A.35.3 and PS3.16 TID 1500."""

from collections.abc import Sequence

import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    ImageRegion,
    LanguageOfContentItemAndDescendants,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
    TextContentItem,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from pipeline import RESEARCH_ONLY
from pipeline.lesions.lesion import Lesion
from pipeline.writers.dicom.breast_codes import (
    ARTIFICIAL_INTELLIGENCE,
    BREAST,
    LESION,
    ULTRASONOGRAPHY,
    find_side,
)
from pipeline.writers.dicom.check_frames import check_frames
from pipeline.writers.dicom.lesion_tracking import track_lesion
from pipeline.writers.dicom.model_identity import ModelIdentity
from pipeline.writers.dicom.result_frame import ResultFrame
from pipeline.writers.dicom.result_object import (
    MANUFACTURER,
    ResultKind,
    describe_object,
    finish_object,
)
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.source_header import SourceHeader

ENGLISH = CodedConcept("en", "RFC5646", "English")
DEVICE = CodedConcept("121007", "DCM", "Device")
TITLE = Code("126000", "DCM", "Imaging Measurement Report")
COMMENT = Code("121106", "DCM", "Comment")
EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
ABSENT = Code("272519000", "SCT", "Absent")
MEAN = Code("373098007", "SCT", "Mean")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
LONG_AXIS = Code("103339001", "SCT", "Long Axis")
SHORT_AXIS = Code("103340004", "SCT", "Short Axis")
AREA = Code("42798000", "SCT", "Area")
PERCENT = Code("%", "UCUM", "Percent")
MILLIMETRE = Code("mm", "UCUM", "millimeter")
SQUARE_MILLIMETRE = Code("mm2", "UCUM", "square millimeter")

DECIMALS = 4
"""Of numbers in a report: a Decimal String has room for 16 characters."""

PIXEL_CENTRE = 0.5
"""Spatial coordinates begin at the corner of the first pixel, array indices at its centre
(PS3.3 C.18.6.1.2)."""


def build_report(
    source: Dataset,
    frames: Sequence[ResultFrame],
    *,
    model: ModelIdentity,
    number_of_frames: int,
) -> Dataset:
    """Build a measurement report with the outline and the measurements of each lesion.

    Without calibration there are no lengths and areas. Without lesion the report says so.

    Args:
        source: header of the image; its pixels are not needed.
        frames: frames of it, with or without lesions.
        model: that made the masks.
        number_of_frames: how many frames were segmented, those without lesion counted.

    Returns:
        The object, complete but preliminary and unverified, with its File Meta Information. The
        same arguments give the same object.

    Raises:
        ValueError: frames, lesions and the number of frames do not fit.
        WriteError: the image has no valid UIDs to refer to.
    """
    header = SourceHeader(source)
    check_frames(header, frames)
    if not len(frames) <= number_of_frames <= header.frames:
        msg = (
            f"expected number_of_frames from {len(frames)} (given) to {header.frames} (in the "
            f"image), got {number_of_frames}"
        )
        raise ValueError(msg)
    found = sorted((frame for frame in frames if frame.lesions), key=lambda frame: frame.number)
    groups = [group for frame in found for group in _measure_frame(header, model, frame)]
    report = MeasurementReport(
        observation_context=_name_observer(model),
        procedure_reported=ULTRASONOGRAPHY,
        imaging_measurements=groups or [_report_absence(header, model)],
        title=TITLE,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(ENGLISH),
    )
    report[0].ContentSequence.append(_comment(_summarise(found, number_of_frames)))
    built = ComprehensiveSR(
        evidence=[header.make_stand_in()],
        content=report,
        is_complete=True,
        **describe_object(header, model, ResultKind.REPORT, "Breast lesions, research only"),
    )
    return finish_object(built, header)


def _measure_frame(
    header: SourceHeader, model: ModelIdentity, frame: ResultFrame
) -> list[PlanarROIMeasurementsAndQualitativeEvaluations]:
    reference = SourceImageForRegion(
        header.make_stand_in().SOPClassUID,
        header.sop_instance_uid,
        [frame.number] if header.is_cine else None,
    )
    groups = []
    for lesion in sorted(frame.lesions, key=lambda lesion: lesion.number):
        tracking = track_lesion(header, model, frame.number, lesion.number)
        groups.append(
            PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=TrackingIdentifier(tracking.uid, tracking.identifier),
                referenced_region=ImageRegion(
                    graphic_type="POLYLINE",
                    graphic_data=_outline(lesion),
                    source_image=reference,
                ),
                finding_type=LESION,
                algorithm_id=_identify_algorithm(model),
                finding_sites=[FindingSite(BREAST, laterality=find_side(header))],
                measurements=_measure_lesion(lesion),
            )
        )
    return groups


def _measure_lesion(lesion: Lesion) -> list[Measurement]:
    lengths = [
        (LONG_AXIS, lesion.long_axis.length_mm, MILLIMETRE),
        (SHORT_AXIS, lesion.short_axis.length_mm, MILLIMETRE),
        (AREA, lesion.area_mm2, SQUARE_MILLIMETRE),
    ]
    measurements = [
        Measurement(name=name, value=round(value, DECIMALS), unit=unit)
        for name, value, unit in lengths
        if value is not None
    ]
    percent = round(100.0 * lesion.probability, DECIMALS)
    certainty = Measurement(name=CERTAINTY, value=percent, unit=PERCENT, derivation=MEAN)
    return [*measurements, certainty]


def _report_absence(
    header: SourceHeader, model: ModelIdentity
) -> MeasurementsAndQualitativeEvaluations:
    uid = make_result_uid(header.sop_instance_uid, model, "no lesion")
    stand_in_class = header.make_stand_in().SOPClassUID
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(uid, "No lesion segmented"),
        algorithm_id=_identify_algorithm(model),
        finding_sites=[FindingSite(BREAST, laterality=find_side(header))],
        qualitative_evaluations=[QualitativeEvaluation(LESION, ABSENT)],
        source_images=[SourceImageForMeasurementGroup(stand_in_class, header.sop_instance_uid)],
    )


def _summarise(found: Sequence[ResultFrame], number_of_frames: int) -> str:
    lesions = sum(len(frame.lesions) for frame in found)
    where = "the image" if number_of_frames == 1 else f"{number_of_frames} frames"
    if not found:
        what = f"The algorithm segmented no lesion in {where}."
    elif number_of_frames == 1:
        what = f"The algorithm segmented {lesions} lesion(s) in {where}."
    else:
        what = f"The algorithm segmented lesions in {len(found)} of {where}, not tracked over time."
    return f"{what} No person has verified this. {RESEARCH_ONLY}"


def _comment(text: str) -> ContainerContentItem:
    """Wrap a remark on the whole, TID 1500 row 12."""
    container = ContainerContentItem(name=EVALUATIONS, relationship_type="CONTAINS")
    item = TextContentItem(name=COMMENT, value=text, relationship_type="CONTAINS")
    container.ContentSequence = ContentSequence([item])
    return container


def _name_observer(model: ModelIdentity) -> ObservationContext:
    device = DeviceObserverIdentifyingAttributes(
        uid=make_result_uid("", model, "device"),
        name=model.name,
        manufacturer_name=MANUFACTURER,
        model_name=model.name,
        serial_number=model.weights_sha256,
    )
    return ObservationContext(observer_device_context=ObserverContext(DEVICE, device))


def _identify_algorithm(model: ModelIdentity) -> AlgorithmIdentification:
    """Name the algorithm as reports do, TID 4019."""
    return AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"weights_sha256={model.weights_sha256}"],
        family=ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


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
