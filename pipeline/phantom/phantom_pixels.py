"""Grey or RGB frames in the pixel encodings in which ultrasound files come."""

import io
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

JPEG_QUALITY = 95
"""Pillow's quality of the lossy encoding; at most a few grey levels off on a smooth image."""


class DicomKind(str, Enum):
    """How the pixels of a phantom file are stored.

    The standard's Photometric Interpretation (0028,0004), PS3.3 C.7.6.3.1.2, and what varies
    within it. dciodvfy rejects native `YBR_FULL`, native `YBR_FULL_422` and tables of 8 bit in an
    ultrasound file, and warns of `MONOCHROME1`; such files exist, and are written for tests.
    """

    MONOCHROME2 = "MONOCHROME2"
    MONOCHROME1 = "MONOCHROME1"
    RGB = "RGB"
    RGB_PLANAR = "RGB planar"
    YBR_FULL = "YBR_FULL"
    YBR_FULL_422 = "YBR_FULL_422"
    YBR_FULL_422_JPEG = "YBR_FULL_422 JPEG"
    PALETTE_8 = "PALETTE COLOR, LUT of 8 bit"
    PALETTE_16 = "PALETTE COLOR, LUT of 16 bit"

    @property
    def is_color(self) -> bool:
        """Whether it stores three samples a pixel."""
        return self.value.startswith(("RGB", "YBR"))


@dataclass(frozen=True)
class EncodedPixels:
    """Pixel Data (7FE0,0010) and what a dataset has to say about it.

    Attributes:
        data: the value of Pixel Data, of even length.
        transfer_syntax: the Transfer Syntax UID (0002,0010) that fits.
        attributes: Image Pixel attributes by keyword.
    """

    data: bytes
    transfer_syntax: UID
    attributes: dict[str, Any] = field(default_factory=dict)


def encode_frames(frames: NDArray[np.uint8], kind: DicomKind) -> EncodedPixels:
    """Encode frames.

    Args:
        frames: uint8 (F, H, W) grey or (F, H, W, 3) RGB, 0 black to 255 white. Grey frames are
            stored as RGB with equal samples where `kind` is coloured.
        kind: the encoding wanted.

    Returns:
        The encoded pixels. All kinds are exact for grey frames but JPEG; in YBR, RGB frames are
        rounded, and the 4:2:2 kinds share the colour of two neighbours.

    Raises:
        ValueError: if RGB frames come for a kind without colour, or an odd number of columns for
            native `YBR_FULL_422`.
    """
    if frames.ndim == 4 and not kind.is_color:
        msg = f"expected grey frames for {kind.value}, got RGB frames"
        raise ValueError(msg)
    if kind is DicomKind.YBR_FULL_422 and frames.shape[2] % 2:
        msg = f"expected an even number of columns for {kind.value}, got {frames.shape[2]}"
        raise ValueError(msg)
    if not kind.is_color:
        return _encode_one_sample(frames, kind)
    rgb = frames if frames.ndim == 4 else np.repeat(frames[..., None], 3, axis=-1)
    return _encode_three_samples(rgb, kind)


def _encode_one_sample(frames: NDArray[np.uint8], kind: DicomKind) -> EncodedPixels:
    attributes: dict[str, Any] = {"SamplesPerPixel": 1}
    if kind is DicomKind.MONOCHROME2:
        stored, photometric = frames, "MONOCHROME2"
    else:
        # The palettes run backwards too, so that indices shown as grey values are seen as wrong.
        stored = 255 - frames
        photometric = "MONOCHROME1" if kind is DicomKind.MONOCHROME1 else "PALETTE COLOR"
    attributes["PhotometricInterpretation"] = photometric
    if photometric == "PALETTE COLOR":
        bits = 8 if kind is DicomKind.PALETTE_8 else 16
        grey = np.arange(255, -1, -1)
        table = grey.astype("u1") if bits == 8 else (grey * 257).astype("<u2")
        for color in ("Red", "Green", "Blue"):
            attributes[f"{color}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
            attributes[f"{color}PaletteColorLookupTableData"] = table.tobytes()
    return EncodedPixels(_pad(stored.tobytes()), ExplicitVRLittleEndian, attributes)


def _encode_three_samples(rgb: NDArray[np.uint8], kind: DicomKind) -> EncodedPixels:
    attributes: dict[str, Any] = {
        "SamplesPerPixel": 3,
        "PhotometricInterpretation": kind.value.split()[0],
        "PlanarConfiguration": int(kind is DicomKind.RGB_PLANAR),
    }
    if kind is DicomKind.YBR_FULL_422_JPEG:
        streams = [_encode_jpeg(frame) for frame in rgb]
        ratio = rgb.nbytes / sum(len(stream) for stream in streams)
        attributes["LossyImageCompressionRatio"] = f"{ratio:.2f}"
        attributes["LossyImageCompressionMethod"] = "ISO_10918_1"
        return EncodedPixels(encapsulate(streams), JPEGBaseline8Bit, attributes)
    if kind is DicomKind.RGB:
        stored = rgb
    elif kind is DicomKind.RGB_PLANAR:
        stored = rgb.transpose(0, 3, 1, 2)
    else:
        stored = convert_color_space(rgb, "RGB", "YBR_FULL")
    if kind is DicomKind.YBR_FULL_422:
        # PS3.3 C.7.6.3.1.2: two Y, then the Cb and Cr of the left one of the two.
        luma = stored[..., 0].reshape(*rgb.shape[:2], -1, 2)
        stored = np.concatenate([luma, stored[:, :, ::2, 1:]], axis=-1)
    return EncodedPixels(_pad(stored.tobytes()), ExplicitVRLittleEndian, attributes)


def _encode_jpeg(frame: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:2")
    return buffer.getvalue()


def _pad(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)
