"""What all result objects have in common."""

from enum import Enum
from typing import Any

from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataset import Dataset
from pydicom.filewriter import correct_ambiguous_vr
from pydicom.uid import UID

from pipeline import __version__
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.dicom.dicom_classes import OWN_MANUFACTURER
from pipeline.writers.dicom.patient_and_study import PATIENT_AND_STUDY
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.source_header import SourceHeader

MANUFACTURER = OWN_MANUFACTURER
"""*Manufacturer* (0008,0070) of all results, by which our own objects are recognized."""

IMPLEMENTATION_UID = UID("2.25.246413760125238093868520412382431069667")
"""*Implementation Class UID* (0002,0012)."""

CLOCK = (
    "ContributionDateTime",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "DateOfSecondaryCapture",
    "TimeOfSecondaryCapture",
)
"""Optional attributes that highdicom takes from the clock: a rerun would not give the same."""

_MAX_INTEGER_STRING = 2**31 - 1

_DIGITS_OF_UID = 12
"""Last characters of the UID that name an image without a number."""


class ResultKind(Enum):
    """A kind of object: its *Modality* (0008,0060), and its place among the series of an image."""

    SEGMENTATION = ("SEG", 1)
    REPORT = ("SR", 2)
    SECONDARY_CAPTURE = ("OT", 3)

    @property
    def modality(self) -> str:
        """The Modality of the objects."""
        return self.value[0]


def describe_object(
    source: SourceHeader,
    model: ModelIdentity,
    kind: ResultKind,
    description: str,
    *,
    frame: int | None = None,
) -> dict[str, Any]:
    """Give the arguments that all of highdicom's classes share.

    Each image has series of its own, for viewers open one segmentation and one report of a series.

    Args:
        source: of the image.
        model: that made the result.
        kind: of the object.
        description: of the object, at most 30 ASCII characters; the *Series Description*
            (0008,103E) names the image before it.
        frame: number of the frame, for objects made of one frame of several.
    """
    day, time = source.content_time
    return {
        "series_instance_uid": make_series_uid(source, model, kind),
        "series_number": _number_series(source, kind),
        "sop_instance_uid": make_object_uid(source, model, kind, frame=frame),
        "instance_number": _number_instance(source, frame),
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": model.name,
        "software_versions": [__version__, model.version],
        "device_serial_number": model.weights_sha256,
        "series_description": f"{_name_image(source)}: {description}",
        "content_qualification": "RESEARCH",
        "content_date": day,
        "content_time": time,
    }


def make_series_uid(source: SourceHeader, model: ModelIdentity, kind: ResultKind) -> UID:
    """Make the *Series Instance UID* (0020,000E) of the results of an image."""
    return make_result_uid(source.sop_instance_uid, model, f"{kind.modality} series")


def make_object_uid(
    source: SourceHeader, model: ModelIdentity, kind: ResultKind, *, frame: int | None = None
) -> UID:
    """Make the *SOP Instance UID* (0008,0018) of a result.

    Args:
        source: of the image.
        model: that made the result.
        kind: of the object.
        frame: number of the frame, for objects made of one frame of several.
    """
    purpose = kind.modality if frame is None else f"{kind.modality} frame {frame}"
    return make_result_uid(source.sop_instance_uid, model, purpose)


def finish_object(built: Dataset, source: SourceHeader) -> Dataset:
    """Give an object that was built for the stand-in back to the source's patient and study.

    All text of our own is ASCII, so that it stands beside theirs in any character set.

    Returns:
        A plain dataset with its File Meta Information; highdicom's own classes hold tables that
        do not follow later changes.
    """
    result = Dataset()
    result.update(built)
    result.file_meta = built.file_meta
    result.file_meta.ImplementationClassUID = IMPLEMENTATION_UID
    result.file_meta.ImplementationVersionName = "BREASTUSSEG"
    for dataset in (result, *result.get("ContributingEquipmentSequence", ())):
        for keyword in CLOCK:
            dataset.pop(keyword, None)
    _refer_to_class(result, source)
    correct_ambiguous_vr(result, is_little_endian=True)
    source.copy_to(result, PATIENT_AND_STUDY)
    _keep_bytes(result)
    return result


def _keep_bytes(result: Dataset) -> None:
    """Let pydicom write the source's elements as they are: else it decodes and encodes them.

    It does so only if character set and encoding are those that the dataset was read with; and
    then it corrects no VR that can be OB or OW.
    """
    with quiet_decoders():
        character_set = result.get("SpecificCharacterSet")
        encodings = convert_encodings(character_set) if character_set else default_encoding
    result.set_original_encoding(False, True, encodings)


def _refer_to_class(dataset: Dataset, source: SourceHeader) -> None:
    """Put the source's class in place of the stand-in's."""
    if dataset.get("ReferencedSOPInstanceUID") == source.sop_instance_uid:
        dataset.ReferencedSOPClassUID = source.sop_class_uid
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _refer_to_class(item, source)


def _name_image(source: SourceHeader) -> str:
    """Name an image by its numbers, as viewers and people do; at most 34 ASCII characters."""
    series, number = source.read_integer("SeriesNumber"), source.read_integer("InstanceNumber")
    if number is None:
        return f"Image *{source.sop_instance_uid[-_DIGITS_OF_UID:]}"
    return f"Image {number}" if series is None else f"Image {number}, series {series}"


def _number_series(source: SourceHeader, kind: ResultKind) -> int:
    """Number a series by that of its source, the image and the kind: 3, 12 and SEG are 300121."""
    series, number = source.read_integer("SeriesNumber"), source.read_integer("InstanceNumber")
    last = f"{max(number or 0, 0):04d}{kind.value[1]}"
    for text in (f"{max(series or 0, 0)}{last}", last):
        if int(text) <= _MAX_INTEGER_STRING:
            return int(text)
    return int(kind.value[1])


def _number_instance(source: SourceHeader, frame: int | None) -> int:
    number = source.read_integer("InstanceNumber") or 1
    if frame is not None:
        number = (number - 1) * source.frames + frame
    return number if 0 < number <= _MAX_INTEGER_STRING else frame or 1
