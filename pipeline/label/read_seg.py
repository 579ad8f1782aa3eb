"""Our own corrected masks, read back from a DICOM Segmentation."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import unpack_bits

from pipeline.label.corrected_seg import is_correction
from pipeline.readers.limits import LARGEST_IMAGE_PX, MOST_FRAMES
from pipeline.writers.dicom.result_object import MANUFACTURER


class CorrectedMasks(NamedTuple):
    """The masks of one image.

    Attributes:
        sop_instance_uid: of the image.
        saved: *Content Date* and *Content Time* (0008,0023), (0008,0033), which sort by time.
        masks: (H, W) bool by number of the frame from 1.
    """

    sop_instance_uid: str
    saved: str
    masks: dict[int, NDArray[np.bool_]]


def read_seg(built: Dataset) -> CorrectedMasks | None:
    """Read the masks, all lesions of a frame in one.

    Returns:
        The masks, `None` if the object was not made here by a person's correction.

    Raises:
        ValueError: it is damaged.
    """
    description = built.get("SeriesDescription")
    if built.get("Manufacturer") != MANUFACTURER or not is_correction(description):
        return None
    try:
        return _read(built)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        msg = f"expected a segmentation as we write it, got one with {type(error).__name__}"
        raise ValueError(msg) from error


def _read(built: Dataset) -> CorrectedMasks:
    rows, columns, count = int(built.Rows), int(built.Columns), int(built.NumberOfFrames)
    # Each lesion of each frame has a plane; there are never as many of them as that.
    if rows * columns > LARGEST_IMAGE_PX or count > MOST_FRAMES:
        msg = "expected fewer pixels or frames"
        raise ValueError(msg)
    data, size = built.PixelData, rows * columns
    masks: dict[int, NDArray[np.bool_]] = {}
    uid = ""
    for index, groups in enumerate(built.PerFrameFunctionalGroupsSequence):
        source = groups.DerivationImageSequence[0].SourceImageSequence[0]
        uid = str(source.ReferencedSOPInstanceUID)
        number = int(source.get("ReferencedFrameNumber") or 1)
        first, last = index * size, (index + 1) * size
        bits = unpack_bits(data[first // 8 : -(-last // 8)])[first % 8 :][:size]
        plane = np.asarray(bits).reshape(rows, columns) > 0
        masks[number] = masks.get(number, np.zeros((rows, columns), bool)) | plane
    return CorrectedMasks(uid, f"{built.ContentDate}{built.ContentTime}", masks)
