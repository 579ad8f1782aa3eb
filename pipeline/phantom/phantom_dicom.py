"""Synthetic ultrasound DICOM files."""

import hashlib
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from pipeline.atomic import write_atomically
from pipeline.phantom.phantom_marks import Box
from pipeline.phantom.phantom_pixels import DicomKind, encode_frames

__all__ = ["DicomKind", "make_phantom_dataset", "make_region", "write_phantom_dicom"]

STUDY_DATE, STUDY_TIME = "20200101", "120000"
"""Date and time of every phantom file."""

TISSUE_2D = 1
"""Region Spatial Format (0018,6012) 2D, and Region Data Type (0018,6014) tissue."""

CENTIMETRES = 3
"""Physical Units X and Y Direction (0018,6024), (0018,6026) in cm, PS3.3 C.8.5.5.1.15."""

MM_PER_CM = 10.0
"""Physical Delta X and Y (0018,602C), (0018,602E) are in cm."""


def write_phantom_dicom(
    path: Path,
    frames: NDArray[np.uint8],
    *,
    kind: DicomKind = DicomKind.MONOCHROME2,
    mm_per_pixel: tuple[float, float] | None = None,
    region: Box | None = None,
    seed: int = 0,
    instance_number: int = 1,
    frame_time_ms: float = 40.0,
) -> None:
    """Write a synthetic ultrasound file, whole or not at all.

    Args:
        path: file to write.
        frames: see `make_phantom_dataset`, as all that follow.
        kind: encoding of the pixels.
        mm_per_pixel: calibration, or `None` for a file without regions.
        region: box of the calibrated region.
        seed: seed of the UIDs.
        instance_number: number within the series.
        frame_time_ms: time between two frames of a cine.

    Raises:
        ValueError: as `make_phantom_dataset`.
        WriteError: if the file cannot be written.
    """
    dataset = make_phantom_dataset(
        frames,
        kind=kind,
        mm_per_pixel=mm_per_pixel,
        region=region,
        seed=seed,
        instance_number=instance_number,
        frame_time_ms=frame_time_ms,
    )
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    write_atomically(Path(path), buffer.getvalue())


def make_phantom_dataset(
    frames: NDArray[np.uint8],
    *,
    kind: DicomKind = DicomKind.MONOCHROME2,
    mm_per_pixel: tuple[float, float] | None = None,
    region: Box | None = None,
    seed: int = 0,
    instance_number: int = 1,
    frame_time_ms: float = 40.0,
) -> Dataset:
    """Build a synthetic ultrasound dataset, PS3.3 A.6 (still) and A.7 (cine).

    The same arguments give the same dataset; other pixels give another SOP Instance UID
    (0008,0018).

    Args:
        frames: uint8, 0 black to 255 white. A still is (H, W) grey or (H, W, 3) RGB and becomes
            an Ultrasound Image; a cine is (F, H, W) or (F, H, W, 3) and becomes an Ultrasound
            Multi-frame Image, for F = 1 too. H rows from the top, W columns from the left.
        kind: encoding of the pixels.
        mm_per_pixel: mm between rows and between columns, in this order, as in Pixel Spacing
            (0028,0030); written as Physical Delta Y and X (0018,602E), (0018,602C) in cm.
            `None` leaves Sequence of Ultrasound Regions (0018,6011) out.
        region: x0, y0, x1, y1 of the calibrated region, inclusive; `None` takes the whole image.
        seed: seed of the Study and Series Instance UIDs (0020,000D), (0020,000E): files of one
            seed are of one series.
        instance_number: Instance Number (0020,0013).
        frame_time_ms: Frame Time (0018,1063) of a cine, PS3.3 C.7.6.5.

    Returns:
        The dataset with its File Meta Information.

    Raises:
        ValueError: if `frames` is not of that dtype and shape, a spacing is not positive, a
            region comes without a spacing, or the pixels do not fit `kind` (`encode_frames`).
    """
    frames, is_cine = _check_frames(frames)
    pixels = encode_frames(frames, kind)
    digest = hashlib.sha256(frames.tobytes()).hexdigest()
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pixels.transfer_syntax
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage if is_cine else UltrasoundImageStorage
    dataset.SOPInstanceUID = _make_uid(seed, f"{instance_number} {kind.value} {digest}")
    _add_study(dataset, seed)
    dataset.InstanceNumber = instance_number
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "BREAST"]
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "NO"
    if is_cine:
        dataset.NumberOfFrames = len(frames)
        dataset.FrameTime = frame_time_ms
        dataset.FrameIncrementPointer = Tag("FrameTime")
    dataset.Rows, dataset.Columns = frames.shape[1:3]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    if kind.is_color:
        dataset.UltrasoundColorDataPresent = 0
    is_lossy = "LossyImageCompressionMethod" in pixels.attributes
    dataset.LossyImageCompression = "01" if is_lossy else "00"
    for keyword, value in pixels.attributes.items():
        setattr(dataset, keyword, value)
    if mm_per_pixel is not None:
        whole = (0, 0, dataset.Columns - 1, dataset.Rows - 1)
        dataset.SequenceOfUltrasoundRegions = [make_region(region or whole, mm_per_pixel)]
    elif region is not None:
        msg = f"expected mm_per_pixel with region {region}, got None"
        raise ValueError(msg)
    dataset.PixelData = pixels.data
    dataset["PixelData"].VR = "OB"
    return dataset


def make_region(
    box: Box,
    mm_per_pixel: tuple[float, float],
    *,
    spatial_format: int = TISSUE_2D,
    data_type: int = TISSUE_2D,
    units: int = CENTIMETRES,
) -> Dataset:
    """Build an item of Sequence of Ultrasound Regions (0018,6011), PS3.3 C.8.5.5.

    Args:
        box: x0, y0, x1, y1 in pixels, inclusive; may lie outside the image, as in real files.
        mm_per_pixel: mm between rows and between columns.
        spatial_format: Region Spatial Format (0018,6012): 1 is 2D, 2 M-mode, 3 spectral.
        data_type: Region Data Type (0018,6014): 1 is tissue, 2 colour flow.
        units: Physical Units of both directions: 3 is cm, 4 seconds.

    Returns:
        The item.

    Raises:
        ValueError: if a spacing is not positive.
    """
    if not min(mm_per_pixel) > 0:
        msg = f"expected positive mm_per_pixel, got {mm_per_pixel}"
        raise ValueError(msg)
    item = Dataset()
    item.RegionSpatialFormat = spatial_format
    item.RegionDataType = data_type
    item.RegionFlags = 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.ReferencePixelX0 = (box[2] - box[0]) // 2
    item.ReferencePixelY0 = 0
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.ReferencePixelPhysicalValueX = item.ReferencePixelPhysicalValueY = 0.0
    item.PhysicalDeltaY = mm_per_pixel[0] / MM_PER_CM
    item.PhysicalDeltaX = mm_per_pixel[1] / MM_PER_CM
    item.TransducerFrequency = 9000
    return item


def _check_frames(frames: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """Give (F, H, W) or (F, H, W, 3), and whether a cine came."""
    is_color = frames.ndim > 2 and frames.shape[-1] == 3
    is_cine = frames.ndim - is_color == 3
    if frames.dtype != np.uint8 or frames.ndim - is_color not in (2, 3) or frames.size == 0:
        msg = (
            "expected uint8 frames (H, W), (H, W, 3), (F, H, W) or (F, H, W, 3), "
            f"got {frames.dtype} {frames.shape}"
        )
        raise ValueError(msg)
    return (frames if is_cine else frames[None]), is_cine


def _add_study(dataset: Dataset, seed: int) -> None:
    """Add patient, study, series and equipment, all plainly synthetic."""
    dataset.PatientName = "PHANTOM^ONE"
    dataset.PatientID = "PHANTOM-1"
    dataset.PatientBirthDate = "19000101"
    dataset.PatientSex = "O"
    dataset.StudyInstanceUID = _make_uid(seed, "study")
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = STUDY_DATE
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = STUDY_TIME
    dataset.ReferringPhysicianName = ""
    dataset.StudyID = "1"
    dataset.AccessionNumber = ""
    dataset.Modality = "US"
    dataset.SeriesInstanceUID = _make_uid(seed, "series")
    dataset.SeriesNumber = 1
    dataset.Laterality = "R"
    dataset.Manufacturer = "breast-us-seg phantom"
    dataset.ManufacturerModelName = "phantom"
    region = Dataset()
    region.CodeValue = "76752008"
    region.CodingSchemeDesignator = "SCT"
    region.CodeMeaning = "Breast"
    dataset.AnatomicRegionSequence = [region]


def _make_uid(seed: int, entity: str) -> UID:
    return generate_uid(entropy_srcs=["breast-us-seg phantom", str(seed), entity])
