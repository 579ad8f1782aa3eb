"""Masks of one DICOM file as DICOM Segmentation: predicted, or corrected by a person."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import generate_uid

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label.label_errors import RequestError
from pipeline.lesions.lesion import find_lesions
from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.open_image import open_image
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.result_uids import make_result_uid

CORRECTED = "corrected, research only"
"""End of the *Series Description* (0008,103E) of what a person has accepted; our
other SEG end differently."""

_AFTER_SEGMENTATION = 3
"""*Series Number* (0020,0011) beyond that of the segmentation; report and overlay are between."""

_COUNTED_FROM = datetime(2020, 1, 1)
"""*Instance Number* (0020,0013) of a correction is its seconds since then: OHIF opens the one of
the highest number, and an archive is not asked how many it has."""


def build_seg(
    path: Path,
    masks: Mapping[int, NDArray[np.bool_]],
    model: ModelIdentity,
    *,
    corrected: bool = False,
) -> bytes:
    """Build a segmentation.

    What a person has corrected is a new object each time, with the present date and time, so that
    an archive keeps all of them and the newest counts; all of an image are in one series.

    Args:
        path: the DICOM file.
        masks: (H, W) bool by number of the frame from 1.
        model: that made the masks, or whose masks were corrected.
        corrected: whether a person has accepted them.

    Returns:
        The content of a DICOM file.

    Raises:
        RequestError: the file is no DICOM, or there is no lesion, which a segmentation cannot say.
        WriteError: the image has no valid UIDs to refer to.
    """
    source = open_image(path)
    if source.dataset is None:
        msg = "expected a DICOM image for a DICOM SEG, got another format"
        raise RequestError(msg)
    frames = []
    spacings: set[tuple[float, float] | None] = set()
    for number, mask in sorted(masks.items()):
        regions = source.regions(source.read(number - 1))
        spacings |= {region.mm_per_pixel for region in regions}
        lesions = find_lesions(mask, mask.astype(np.float32), regions=regions)
        if lesions:
            frames.append(ResultFrame(number, mask.shape, lesions))
    if not frames:
        msg = "expected a lesion in the mask: a DICOM SEG cannot say that there is none"
        raise RequestError(msg)
    # Seconds of imports, which a server of PNG need not pay.
    from pipeline.writers.dicom.encode_object import encode_object
    from pipeline.writers.dicom.segmentation import build_segmentation

    with quiet_decoders():  # pydicom's warnings quote the header
        built = build_segmentation(
            source.dataset,
            frames,
            model=model,
            mm_per_pixel=spacings.pop() if len(spacings) == 1 else None,
        )
        if corrected:
            _mark_corrected(built, model)
        return encode_object(built)


def is_correction(description: str | None) -> bool:
    """Return whether a SEG is one of our corrected ones.

    Args:
        description: *Series Description* (0008,103E), `None` if it has none.
    """
    return (description or "").endswith(CORRECTED)


def _mark_corrected(built: Dataset, model: ModelIdentity) -> None:
    now = datetime.now()
    built.SOPInstanceUID = generate_uid(prefix=None)
    built.file_meta.MediaStorageSOPInstanceUID = built.SOPInstanceUID
    built.SeriesInstanceUID = make_result_uid(built.SeriesInstanceUID, model, "corrected series")
    image, _, _ = built.SeriesDescription.rpartition(": ")
    built.SeriesDescription = f"{image}: {CORRECTED}"
    built.SeriesNumber = int(built.SeriesNumber) + _AFTER_SEGMENTATION
    built.InstanceNumber = int((now - _COUNTED_FROM).total_seconds())
    built.ContentDescription = "Lesions found by AI, corrected by a person. Research use only."
    built.ContentDate, built.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S.%f")
    for segment in built.SegmentSequence:
        # PS3.3 C.8.20.4: a person has looked at each outline, and changed it where necessary.
        segment.SegmentAlgorithmType = "SEMIAUTOMATIC"
