"""The identity that a lesion has in the segmentation and in the report."""

from typing import NamedTuple

from pydicom.uid import UID

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.writers.dicom.result_uids import make_result_uid
from pipeline.writers.dicom.source_header import SourceHeader


class LesionTracking(NamedTuple):
    """*Tracking ID* and *Tracking UID* (0062,0020), (0062,0021); TID 1501 in a report.

    Attributes:
        identifier: for people.
        uid: for programs.
    """

    identifier: str
    uid: UID


def track_lesion(
    source: SourceHeader, model: ModelIdentity, frame: int, number: int
) -> LesionTracking:
    """Return the tracking identity of a lesion of a frame.

    Args:
        source: of the image.
        model: that found the lesion.
        frame: number of the frame from 1.
        number: of the lesion within the frame.
    """
    identifier = f"Lesion {number}"
    if source.is_cine:
        identifier = f"Frame {frame}, lesion {number}"
    purpose = f"lesion {frame} {number}"
    return LesionTracking(identifier, make_result_uid(source.sop_instance_uid, model, purpose))
