"""Ultrasound DICOM through pydicom."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.image_source import GreyImage, rgb_to_grey
from pipeline.readers.ultrasound_region import Box, find_region

ULTRASOUND_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.6.1": "Ultrasound Image Storage",
    "1.2.840.10008.5.1.4.1.1.3.1": "Ultrasound Multi-frame Image Storage",
    "1.2.840.10008.5.1.4.1.1.6": "Ultrasound Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.3": "Ultrasound Multi-frame Image Storage (Retired)",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture Image Storage",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture Image Storage",
}
"""SOP classes (PS3.4 section B.5) in which breast ultrasound is stored as 2D images."""

_TRUNCATED = "End of file reached"
"""How pydicom's warning begins when it silently drops the rest of an encapsulated file."""


class DicomSource:
    """An opened DICOM file; its header is parsed once, its frames are decoded one at a time.

    Args:
        path: the file.

    Raises:
        SkippedError: the object is no ultrasound or secondary capture image.
        ReadError: the file is damaged, or misses an attribute that its pixels need.
    """

    def __init__(self, path: Path) -> None:
        self._dataset = _parse(path)
        _check_class(self._dataset)
        frames = self._dataset.get("NumberOfFrames")
        self._frames = 1 if frames is None else int(frames)
        if self._frames < 1:
            msg = f"expected NumberOfFrames (0028,0008) of at least 1, got {self._frames}"
            raise ReadError(msg)

    @property
    def frames(self) -> int:
        """*Number of Frames* (0028,0008), 1 if absent; the SOP class does not count."""
        return self._frames

    def region(self, rows: int, columns: int) -> Box:
        """Box around the 2D tissue regions, the whole frame if there is none to rely on.

        Raises:
            ReadError: a region misses a corner.
        """
        try:
            return find_region(self._dataset, rows, columns)
        except (AttributeError, TypeError, ValueError) as error:
            msg = "expected four whole numbers as corners of an ultrasound region (0018,6011)"
            raise ReadError(msg) from error

    def read(self, index: int) -> GreyImage:
        """Decode one frame.

        MONOCHROME1 is inverted, PALETTE COLOR goes through its lookup table, YBR and RGB become
        luma, and *Bits Stored* (0028,0101) is scaled to 8 bits (PS3.3 section C.7.6.3.1.2).

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values (H, W), float32, 0 to 255.

        Raises:
            ReadError: there is no such frame, or its data cannot be decoded.
        """
        if not 0 <= index < self._frames:
            msg = f"expected a frame from 1 to {self._frames}, got {index + 1}"
            raise ReadError(msg)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's remarks may quote the header
                pixels = pixel_array(self._dataset, index=index)
            return _to_grey(pixels, self._dataset)
        except ReadError:
            raise
        except Exception as error:
            # Codecs raise whatever they like. Their text may quote the header, so it is left out.
            syntax = _syntax_name(self._dataset)
            msg = f"expected pixel data in {syntax}, got {type(error).__name__} from its decoder"
            raise ReadError(msg) from error


def _parse(path: Path) -> pydicom.Dataset:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dataset = pydicom.dcmread(path)
            element = dataset.get("NumberOfFrames")  # converts the raw value, which may raise
            del element
    except (InvalidDicomError, OSError, ValueError, TypeError, EOFError, AttributeError) as error:
        msg = f"expected a DICOM file, got a header that cannot be parsed ({type(error).__name__})"
        raise ReadError(msg) from error
    except (RecursionError, MemoryError, NotImplementedError) as error:
        msg = f"expected a DICOM file of sane nesting and size, got {type(error).__name__}"
        raise ReadError(msg) from error
    if any(_TRUNCATED in str(warning.message) for warning in caught):
        msg = "expected a whole DICOM file, got one that ends too early: copy it again"
        raise ReadError(msg)
    return dataset


def _check_class(dataset: pydicom.Dataset) -> None:
    uid = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    if uid is None:
        msg = "expected SOPClassUID (0008,0016), got none"
        raise ReadError(msg)
    if uid not in ULTRASOUND_CLASSES:
        name = UID(uid).name if UID(uid).is_valid and UID(uid).name != uid else "another class"
        msg = f"not an ultrasound image: {name}"
        raise SkippedError(msg)
    if "PixelData" not in dataset:
        msg = "expected PixelData (7FE0,0010), got none: the file may be cut off"
        raise ReadError(msg)


def _syntax_name(dataset: pydicom.Dataset) -> str:
    uid = dataset.file_meta.get("TransferSyntaxUID")
    return "an unnamed transfer syntax" if uid is None else UID(uid).name


def _to_grey(pixels: NDArray[np.generic], dataset: pydicom.Dataset) -> GreyImage:
    photometric = dataset.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        colour = apply_color_lut(pixels, dataset)
        return rgb_to_grey(_to_8_bit(colour, 8 * colour.dtype.itemsize).astype(np.uint8))
    if pixels.ndim == 3:
        # pydicom has turned every YBR into RGB by now.
        return rgb_to_grey(_to_8_bit(pixels, dataset.BitsStored).round().astype(np.uint8))
    if photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        msg = (
            "expected PhotometricInterpretation (0028,0004) MONOCHROME1 or MONOCHROME2 for one "
            f"sample a pixel, got {photometric}"
        )
        raise ReadError(msg)
    values = pixels.astype(np.float32)
    if dataset.get("PixelRepresentation", 0) == 1:
        values += np.float32(2 ** (dataset.BitsStored - 1))
    grey = _to_8_bit(values, dataset.BitsStored)
    return 255 - grey if photometric == "MONOCHROME1" else grey


def _to_8_bit(values: NDArray[np.generic], bits: int) -> NDArray[np.float32]:
    """Scale 0..2^bits - 1 to 0..255; 8 bits stay untouched."""
    scaled: NDArray[np.float32] = values.astype(np.float32) * np.float32(255.0 / (2**bits - 1))
    return np.clip(scaled, 0, 255)
