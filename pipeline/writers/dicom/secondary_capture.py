"""An overlay as DICOM image, PS3.3 A.8.1: the only form that every viewer shows."""

import numpy as np
from highdicom.sc import SCImage
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from pipeline import RESEARCH_ONLY
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.writers.dicom.breast_codes import SEGMENTATION, make_code_item
from pipeline.writers.dicom.result_object import ResultKind, describe_object, finish_object
from pipeline.writers.dicom.source_header import LOSSY, SourceHeader

IMAGE_TYPE = ["DERIVED", "SECONDARY"]

PROCESSED = Code("121322", "DCM", "Source image for image processing operation")


def build_secondary_capture(
    source: Dataset,
    image: NDArray[np.uint8],
    *,
    frame: int | None,
    model: ModelIdentity,
    blanked: bool,
) -> Dataset:
    """Build a colour image that shows the lesions.

    *Burned In Annotation* (0028,0301) is NO only if the source says so. Else it is YES, or left out
    as unknown if the source does not say and all but the ultrasound is blank: even a blanked image
    can have text within the region.

    Args:
        source: header of the image; its pixels are not needed.
        image: (H, W, 3) uint8 RGB, the overlay.
        frame: number of the frame from 1 that it shows, `None` for a source with a single one.
        model: that made the masks.
        blanked: whether all is black outside the ultrasound regions.

    Returns:
        The object with its File Meta Information. The same arguments give the same object.

    Raises:
        ValueError: `image` is not of that dtype and shape, or `frame` does not fit the source.
        WriteError: the source has no valid UIDs to refer to.
    """
    header = SourceHeader(source)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        msg = f"expected an image (H, W, 3) of uint8, got {image.dtype} {image.shape}"
        raise ValueError(msg)
    if not (frame in range(1, header.frames + 1) if header.is_cine else frame in (None, 1)):
        msg = f"expected a frame from 1 to {header.frames}, got {frame}"
        raise ValueError(msg)
    frame = frame if header.is_cine else None
    built = SCImage(
        pixel_array=np.ascontiguousarray(image),
        photometric_interpretation="RGB",
        bits_allocated=8,
        # highdicom asks for an orientation that ultrasound seldom has: it is replaced.
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        study_instance_uid=header.study_instance_uid,
        patient_birth_date="",  # pydicom's DA takes no None
        **describe_object(
            header,
            model,
            ResultKind.SECONDARY_CAPTURE,
            "overlay, research only",
            frame=frame,
        ),
    )
    built.ImageType = IMAGE_TYPE
    built.ConversionType = "WSD"
    _derive(built, header, model, frame)
    result = finish_object(built, header)
    result.PatientOrientation = result.Laterality = ""
    header.copy_to(result, ["PatientOrientation", "Laterality", "ImageLaterality"])
    _tell_burned_in(result, header, blanked=blanked)
    return result


def _derive(built: Dataset, header: SourceHeader, model: ModelIdentity, frame: int | None) -> None:
    """Say what was done, and to which image (PS3.3 C.7.6.1.1.3 and C.7.6.1.1.4)."""
    built.DerivationDescription = (
        f"Lesions outlined by {model.name} {model.version}. {RESEARCH_ONLY}"
    )
    built.DerivationCodeSequence = [make_code_item(SEGMENTATION)]
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.sop_class_uid
    reference.ReferencedSOPInstanceUID = header.sop_instance_uid
    if frame is not None:
        reference.ReferencedFrameNumber = frame
    reference.PurposeOfReferenceCodeSequence = [make_code_item(PROCESSED)]
    built.SourceImageSequence = [reference]
    built.LossyImageCompression = header.lossy
    header.copy_to(built, LOSSY if header.lossy == "01" else ())


def _tell_burned_in(result: Dataset, header: SourceHeader, *, blanked: bool) -> None:
    burned_in = header.read_text("BurnedInAnnotation")
    if burned_in in ("YES", "NO"):
        result.BurnedInAnnotation = burned_in
    elif not blanked:
        result.BurnedInAnnotation = "YES"
