"""Sources and lesions for the tests of DICOM results.

Images are 25 x 39: unequal, odd, and not a multiple of 8 bits a frame. `MASK` has a lesion of 76
pixels with a tooth at its right edge, so that no flip or turn leaves it as it is, and one of 10.
`PUBLIC` are files that pydicom bundles, and where pydicom-data is at hand, some of that.
"""

from pathlib import Path

import numpy as np
import pydicom
from orientation_phantom import make_orientation_phantom
from pydicom.config import IGNORE
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import find_lesions
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.result_frame import ResultFrame

MODEL = ModelIdentity("breast-us-seg", "0.1.0", "ab" * 32)
OTHER_MODEL = ModelIdentity("breast-us-seg", "0.2.0", "ab" * 32)
MM = (0.1, 0.2)
PROBABILITY = 0.75

IMAGE = make_orientation_phantom(25, 39)[0]
MASK = np.zeros((25, 39), bool)
MASK[3:8, 5:20] = MASK[4, 20] = True
MASK[15:17, 30:35] = True
EMPTY = np.zeros_like(MASK)

CINE_MASKS = {1: EMPTY, 2: MASK, 3: np.roll(MASK, 2, axis=1), 7: np.flipud(MASK)}
CINE_MASKS[8] = MASK & (np.arange(25) < 12)[:, None]

PUBLIC = (
    "examples_jpeg2k.dcm",
    "examples_palette.dcm",
    "examples_rgb_color.dcm",
    "examples_ybr_color.dcm",
    "chrH31.dcm",
    "chrI2.dcm",
    "chrRuss.dcm",
    "chrX2.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "OBXXXX1A.dcm",
    "OBXXXX1A_rle_2frame.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "US1_UNCI.dcm",
    "color3d_jpeg_baseline.dcm",
    "gdcm-US-ALOKA-16_big.dcm",
)


def make_frame(mask, number=1, *, mm=MM):
    region = CalibratedRegion((0, 0, *mask.shape), mm, RegionOrigin.GIVEN)
    lesions = find_lesions(mask, np.full(mask.shape, PROBABILITY, np.float32), regions=[region])
    return ResultFrame(number, mask.shape, lesions)


def make_still(image=IMAGE, **changes):
    return change(make_phantom_dataset(image, mm_per_pixel=MM), changes)


def make_cine(image=IMAGE, **changes):
    frames = np.stack([image + i for i in range(8)])
    return change(make_phantom_dataset(frames, mm_per_pixel=MM), changes)


def make_retired(image=IMAGE):
    return make_still(image, SOPClassUID="1.2.840.10008.5.1.4.1.1.6")


def make_capture(image=IMAGE):
    dataset = make_still(image, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", ConversionType="WSD")
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    return dataset


SOURCES = {
    "still": make_still,
    "cine": make_cine,
    "retired": make_retired,
    "capture": make_capture,
}


def make_frames(source, *, mm=MM):
    masks = {1: MASK} if int(source.get("NumberOfFrames", 1)) == 1 else CINE_MASKS
    if source.Columns == 40:
        masks = {number: align(mask) for number, mask in masks.items()}
    return [make_frame(mask, number, mm=mm) for number, mask in masks.items()]


def align(image):
    """Make it 24 x 40, so that each frame of a segmentation begins at a byte."""
    return np.pad(image[:24], ((0, 0), (0, 1)))


def change(dataset, changes):
    """Set attributes by keyword, to invalid values too; `None` deletes."""
    for keyword, value in changes.items():
        if value is None:
            dataset.pop(keyword, None)
        else:
            element = DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE)
            dataset.add(element)
    return dataset


def read_header(path: Path):
    """Read what a caller of the builders has: no pixels, and elements not converted yet."""
    return pydicom.dcmread(path, stop_before_pixels=True)


def save(dataset, path: Path):
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def find_public(name):
    """Give the path of a file that pydicom bundles; `None` if it is not at hand offline."""
    if name.startswith("chr"):
        return Path(get_charset_files(name)[0])
    path = get_testdata_file(name, download=False)
    return path and Path(path)
