"""The lesions of an image as Structured Report, PS3.3 A.35.3 and PS3.16 TID 1500."""

from collections.abc import Sequence

from highdicom.sr import (
    CodedConcept,
    ComprehensiveSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    TextContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import SegmentationStorage

from pipeline import RESEARCH_ONLY
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.breast_codes import ULTRASONOGRAPHY
from pipeline.writers.dicom.check_frames import check_frames
from pipeline.writers.dicom.measurement_groups import measure_lesions, report_absence
from pipeline.writers.dicom.result_object import (
    MANUFACTURER,
    ResultKind,
    describe_object,
    finish_object,
    make_object_uid,
    make_series_uid,
)
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.source_header import SourceHeader

ENGLISH = CodedConcept("en", "RFC5646", "English")
DEVICE = CodedConcept("121007", "DCM", "Device")
TITLE = Code("126000", "DCM", "Imaging Measurement Report")
COMMENT = Code("121106", "DCM", "Comment")
EVALUATIONS = CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")


def build_report(
    source: Dataset,
    frames: Sequence[ResultFrame],
    *,
    model: ModelIdentity,
    number_of_frames: int,
    segmentation: bool = False,
) -> Dataset:
    """Build a measurement report with the outline and the measurements of each lesion.

    Lengths and areas are rounded to the step that a pixel makes. Without calibration there are
    none. Without lesion the report says so.

    Args:
        source: header of the image; its pixels are not needed.
        frames: frames of it, with or without lesions.
        model: that made the masks.
        number_of_frames: how many frames were segmented, those without lesion counted.
        segmentation: whether `build_segmentation` makes an object of the same frames, which the
            report then refers to.

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
    found = [frame for frame in frames if frame.lesions]
    evidence = [header.make_stand_in()]
    if found and segmentation:
        evidence.append(_stand_in_for_segmentation(header, model))
    groups = measure_lesions(header, model, found, segmentation=segmentation)
    report = MeasurementReport(
        observation_context=_name_observer(model),
        procedure_reported=ULTRASONOGRAPHY,
        imaging_measurements=groups or [report_absence(header, model)],
        title=TITLE,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(ENGLISH),
    )
    content = report[0].ContentSequence
    content.append(_comment(_summarise(found, number_of_frames)))
    # Highdicom copies and searches what it is given, in more time than all else takes.
    report[0].ContentSequence = content[:1]
    about = "report" if found else "no lesion"  # OHIF shows an empty window for the latter
    built = ComprehensiveSR(
        evidence=evidence,
        content=report,
        is_complete=True,
        **describe_object(header, model, ResultKind.REPORT, f"{about}, research only"),
    )
    built.ContentSequence = content
    _separate_items(built)
    return finish_object(built, header)


def _stand_in_for_segmentation(header: SourceHeader, model: ModelIdentity) -> Dataset:
    stand_in = header.make_stand_in()
    stand_in.SOPClassUID = SegmentationStorage
    stand_in.SOPInstanceUID = make_object_uid(header, model, ResultKind.SEGMENTATION)
    stand_in.SeriesInstanceUID = make_series_uid(header, model, ResultKind.SEGMENTATION)
    return stand_in


def _separate_items(built: Dataset) -> None:
    """Let viewers show each item with its name: what is continuous is text to read on."""
    for element in built.iterall():
        if element.keyword == "ContinuityOfContent":
            element.value = "SEPARATE"


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
