"""Where a viewer puts the pixels of an image file."""

from pathlib import Path

import nibabel
import numpy as np
from nibabel.orientations import inv_ornt_aff
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from pydicom import Dataset, dcmread
from pydicom.uid import SecondaryCaptureImageStorage

from pipeline.readers.codec.quiet import quiet_decoders
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.nifti_axes import NiftiAxes
from pipeline.readers.nifti_source import NiftiSource

Affine = NDArray[np.float64]

_MM_PER_INCH, _MM_PER_CM = 25.4, 10.0
_MM_OF_JFIF_UNIT = {1: _MM_PER_INCH, 2: _MM_PER_CM}
_MM_OF_TIFF_UNIT = {2: _MM_PER_INCH, 3: _MM_PER_CM}
_UPRIGHT = 1
"""*Orientation* of Exif."""

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_geometry(path: Path) -> Affine | None:
    """Read where ITK, and so 3D Slicer, puts the pixels of a still.

    That is no calibration: ITK knows nothing of ultrasound regions, and takes the density of a
    scan or print for the size of what is shown. A mask must have it to lie on the image.

    Returns:
        (4, 4) float64, from column, row and slice, the first of each is 0, to mm towards left,
        back and head. `None` if ITK shows the picture otherwise turned than we do.
    """
    with quiet_decoders():
        file_type = detect_file_type(path)
        if file_type is FileType.DICOM:
            return _read_dicom(dcmread(path, stop_before_pixels=True, force=True))
        if file_type is FileType.NIFTI:
            return _read_nifti(NiftiSource(path).header)
        with path.open("rb") as file, Image.open(file, formats=[file_type.value]) as image:
            if image.getexif().get(Base.Orientation, _UPRIGHT) != _UPRIGHT:
                return None
            return _scale(*_read_density(image))


def lies_flat(affine: Affine) -> bool:
    """Return whether columns run to the left and rows to the back, as `decode_mask` asks of masks.

    Args:
        affine: of `read_geometry`.
    """
    (left, back), (left_down, back_down) = affine[:2, :2].T
    return bool(left > 0 and abs(back) <= left and back_down > 0 and abs(left_down) <= back_down)


def _read_dicom(dataset: Dataset) -> Affine:
    spacing = dataset.get("PixelSpacing")
    if not spacing and dataset.get("SOPClassUID") == SecondaryCaptureImageStorage:
        spacing = dataset.get("NominalScannedPixelSpacing")
    down, across = map(float, spacing or (1, 1))
    affine = _scale(across, down)
    cosines = dataset.get("ImageOrientationPatient")
    if cosines:
        along, below = np.reshape(np.array(cosines, float), (2, 3))
        affine[:3, :3] = np.stack([along * across, below * down, np.cross(along, below)], axis=1)
    position = dataset.get("ImagePositionPatient")
    if position:
        affine[:3, 3] = np.array(position, float)
    return affine


def _read_nifti(header: nibabel.Nifti1Header) -> Affine:
    shape = header.get_data_shape()[:2]
    if header["sform_code"] or header["qform_code"]:
        stored = _RAS_TO_LPS @ header.get_best_affine()
    else:
        stored = _scale(*np.abs(header["pixdim"][1:3].astype(float)))
    # From the picture, that our reader may have turned, to the stored axes.
    turned = inv_ornt_aff(NiftiAxes.of(header).turns, shape)
    shown = np.eye(4)
    shown[:2, :2], shown[:2, 3] = turned[:2, :2], turned[:2, 2]
    affine: Affine = stored @ shown
    return affine


def _read_density(image: Image.Image) -> tuple[float, float]:
    """Give mm between columns and between rows, 1 if the file has no density in a unit."""
    if image.format == "JPEG":
        length = _MM_OF_JFIF_UNIT.get(image.info.get("jfif_unit", 0))
        densities = image.info.get("jfif_density", (0, 0))
    else:
        tags = dict(getattr(image, "tag_v2", {}))
        length = _MM_OF_TIFF_UNIT.get(tags.get(Base.ResolutionUnit, 0))
        densities = (tags.get(Base.XResolution, 0), tags.get(Base.YResolution, 0))
    across, down = map(float, densities)
    if length is None or across <= 0 or down <= 0:
        return 1.0, 1.0
    return length / across, length / down


def _scale(across: float, down: float) -> Affine:
    return np.diag([across, down, 1.0, 1.0])
