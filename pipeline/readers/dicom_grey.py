"""From decoded DICOM pixels to grey values."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

from pipeline.errors import ReadError
from pipeline.readers.image_source import GreyImage, rgb_to_grey

_LARGEST_8_BIT = 255


def dicom_to_grey(pixels: NDArray[np.integer], dataset: Dataset) -> GreyImage:
    """Turn one decoded frame into grey values.

    MONOCHROME1 is inverted, PALETTE COLOR goes through its lookup table, colour becomes luma, and
    *Bits Stored* (0028,0101) is scaled to 8 bits (PS3.3 section C.7.6.3.1.2).

    Args:
        pixels: (H, W), or (H, W, 3) in RGB, as pydicom decodes them: YBR is RGB already.
        dataset: its Image Pixel attributes.

    Returns:
        Grey values (H, W), float32, 0 to 255.

    Raises:
        ReadError: the photometric interpretation does not fit the number of samples.
    """
    photometric = dataset.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        return _apply_palette(pixels, dataset)
    if pixels.ndim == 3:
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


def _apply_palette(indices: NDArray[np.integer], dataset: Dataset) -> GreyImage:
    """Look indices up in the grey of the palette (PS3.3 section C.7.6.3.1.6).

    Entries of 16 bits may hold values of 8: the standard tells of writers that only pad them.
    """
    limits = np.iinfo(indices.dtype)
    every = np.arange(limits.min, limits.max + 1, dtype=np.int32)
    colours = apply_color_lut(every[None], dataset)[0, :, :3]
    bits = 16 if colours.max() > _LARGEST_8_BIT else 8
    table = rgb_to_grey(_to_8_bit(colours, bits).round().astype(np.uint8)[None])[0]
    grey: GreyImage = table[indices.astype(np.int32) - limits.min]
    return grey


def _to_8_bit(values: NDArray[np.generic], bits: int) -> NDArray[np.float32]:
    """Scale 0..2^bits - 1 to 0..255; 8 bits stay untouched."""
    scaled: NDArray[np.float32] = values.astype(np.float32) * np.float32(255.0 / (2**bits - 1))
    return np.clip(scaled, 0, 255)
