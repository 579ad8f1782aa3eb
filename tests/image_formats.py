"""The orientation phantom in every format and encoding that is read.

Each entry of `FORMATS` writes one grey image, 8 bit, as one file. What comes back must be that
image, within `tolerance` grey levels (0 but for lossy JPEG); `ONE_BIT` comes back as its label.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.pixels.utils import pack_bits
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset, write_phantom_dicom

Grey = NDArray[np.uint8]
JPEG_TOLERANCE = 8

# The picture as a camera that was turned stores it: EXIF orientation -> what was done to it.
STORED_FOR_EXIF = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.T,
    6: lambda image: image.T[::-1],
    7: lambda image: image[::-1, ::-1].T,
    8: lambda image: image.T[:, ::-1],
}


@dataclass(frozen=True)
class Format:
    """A way to store one grey image."""

    suffix: str
    write: Callable[[Path, Grey], None]
    tolerance: int = 0
    is_one_bit: bool = False


def _pillow(kind: str, to_array: Callable[[Grey], NDArray[Any]], **options: Any) -> Any:
    def write(path: Path, image: Grey) -> None:
        Image.fromarray(np.ascontiguousarray(to_array(image))).save(path, kind, **options)

    return write


def _to_rgb(image: Grey) -> Grey:
    return np.dstack([image] * 3)


def _to_rgba(image: Grey) -> Grey:
    """Add an alpha channel that is nowhere opaque, and an image of its own."""
    return np.dstack([image] * 3 + [np.roll(image, 9, axis=1)])


def _to_16_bit(image: Grey) -> NDArray[np.uint16]:
    return image.astype(np.uint16) * 257


def _is_bright(image: Grey) -> NDArray[np.bool_]:
    return image > 150


def _write_palette(transparency: bytes | None = None) -> Callable[[Path, Grey], None]:
    def write(path: Path, image: Grey) -> None:
        stored = Image.fromarray(255 - image).convert("P")
        stored.putpalette([255 - index for index in range(256) for _ in range(3)])
        options = {} if transparency is None else {"transparency": transparency}
        stored.save(path, "PNG", **options)

    return write


def _write_exif_jpeg(orientation: int) -> Callable[[Path, Grey], None]:
    def write(path: Path, image: Grey) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = np.ascontiguousarray(STORED_FOR_EXIF[orientation](image))
        Image.fromarray(stored).save(path, "JPEG", quality=95, exif=exif)

    return write


def _write_white_is_zero(to_array: Callable[[Grey], NDArray[Any]]) -> Callable[[Path, Grey], None]:
    def write(path: Path, image: Grey) -> None:
        values = to_array(image)
        Image.fromarray(np.iinfo(values.dtype).max - values).save(path, "TIFF")
        # PhotometricInterpretation, tag 262, SHORT, one value: from 1 (black is zero) to 0.
        entry = b"\x06\x01\x03\x00\x01\x00\x00\x00"
        content = path.read_bytes()
        assert content.count(entry + b"\x01") == 1
        path.write_bytes(content.replace(entry + b"\x01", entry + b"\x00"))

    return write


def _dicom_kind(kind: DicomKind) -> Callable[[Path, Grey], None]:
    return lambda path, image: write_phantom_dicom(path, image, kind=kind)


_NUMBERS = count(2)


def _dicom(change: Callable[[Dataset, Grey], None]) -> Callable[[Path, Grey], None]:
    number = next(_NUMBERS)  # of an instance, as each has a UID of its own

    def write(path: Path, image: Grey) -> None:
        dataset = make_phantom_dataset(image, instance_number=number)
        change(dataset, image)
        dataset.save_as(path, enforce_file_format=True)

    return write


def _compress(uid: UID) -> Callable[[Dataset, Grey], None]:
    return lambda dataset, _: dataset.compress(uid, generate_instance_uid=False)


def _set_syntax(uid: UID) -> Callable[[Dataset, Grey], None]:
    def change(dataset: Dataset, _: Grey) -> None:
        dataset.file_meta.TransferSyntaxUID = uid

    return change


def _set_depth(
    dataset: Dataset, values: NDArray[Any], stored: int, *, is_signed: bool = False
) -> None:
    dataset.BitsAllocated = 8 * values.dtype.itemsize
    dataset.BitsStored, dataset.HighBit = stored, stored - 1
    dataset.PixelRepresentation = int(is_signed)
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"


def _store_12_of_16(dataset: Dataset, image: Grey) -> None:
    _set_depth(dataset, np.rint(image / 255 * 4095).astype("<u2"), 12)


def _store_16(dataset: Dataset, image: Grey) -> None:
    _set_depth(dataset, image.astype("<u2") * 257, 16)


def _store_signed(dataset: Dataset, image: Grey) -> None:
    _set_depth(dataset, (image.astype(np.int16) - 128).astype("i1"), 8, is_signed=True)


def _store_1_bit(dataset: Dataset, image: Grey) -> None:
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    dataset.PixelData = pack_bits(_is_bright(image).astype(np.uint8))


def _store_palette(bits: int, table: NDArray[Any], first: int = 0) -> Any:
    """Store 255 - grey as indices into a table of `bits` by its descriptor."""

    def change(dataset: Dataset, image: Grey) -> None:
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        dataset.PixelData = (255 - image).tobytes()
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, first, bits])
            setattr(dataset, f"{colour}PaletteColorLookupTableData", table.tobytes())

    return change


def _make_one_frame_cine(path: Path, image: Grey) -> None:
    write_phantom_dicom(path, image[None], instance_number=0)


BACKWARDS = np.arange(255, -1, -1)

FORMATS = {
    "png-L": Format(".png", _pillow("PNG", lambda image: image)),
    "png-RGB": Format(".png", _pillow("PNG", _to_rgb)),
    "png-RGBA": Format(".png", _pillow("PNG", _to_rgba)),
    "png-LA": Format(".png", _pillow("PNG", lambda image: _to_rgba(image)[..., 2:])),
    "png-16": Format(".png", _pillow("PNG", _to_16_bit)),
    "png-1": Format(".png", _pillow("PNG", _is_bright), is_one_bit=True),
    "png-palette": Format(".png", _write_palette()),
    "png-palette-alpha": Format(".png", _write_palette(bytes(range(256)))),
    "jpeg-L": Format(".jpg", _pillow("JPEG", lambda i: i, quality=95), JPEG_TOLERANCE),
    "jpeg-RGB": Format(".jpeg", _pillow("JPEG", _to_rgb, quality=95), JPEG_TOLERANCE),
    **{
        f"jpeg-exif-{orientation}": Format(".jpg", _write_exif_jpeg(orientation), JPEG_TOLERANCE)
        for orientation in STORED_FOR_EXIF
    },
    "bmp-L": Format(".bmp", _pillow("BMP", lambda image: image)),
    "bmp-RGB": Format(".bmp", _pillow("BMP", _to_rgb)),
    "tiff-L": Format(".tif", _pillow("TIFF", lambda image: image)),
    "tiff-RGB": Format(".tiff", _pillow("TIFF", _to_rgb)),
    "tiff-16": Format(".tif", _pillow("TIFF", _to_16_bit)),
    "tiff-1": Format(".tif", _pillow("TIFF", _is_bright), is_one_bit=True),
    "tiff-lzw": Format(".tif", _pillow("TIFF", lambda i: i, compression="tiff_lzw")),
    "tiff-big": Format(".tif", _pillow("TIFF", lambda i: i, big_tiff=True)),
    "tiff-white-is-zero-8": Format(".tif", _write_white_is_zero(lambda image: image)),
    "tiff-white-is-zero-16": Format(".tif", _write_white_is_zero(_to_16_bit)),
    **{
        f"dicom-{kind.name}": Format(
            ".dcm",
            _dicom_kind(kind),
            JPEG_TOLERANCE if kind is DicomKind.YBR_FULL_422_JPEG else 0,
        )
        for kind in DicomKind
    },
    "dicom-RLE": Format(".dcm", _dicom(_compress(RLELossless))),
    "dicom-JPEG-LS": Format(".dcm", _dicom(_compress(JPEGLSLossless))),
    "dicom-JPEG-2000": Format(".dcm", _dicom(_compress(JPEG2000Lossless))),
    "dicom-deflated": Format(".dcm", _dicom(_set_syntax(DeflatedExplicitVRLittleEndian))),
    "dicom-big-endian": Format(".dcm", _dicom(_set_syntax(ExplicitVRBigEndian))),
    "dicom-16": Format(".dcm", _dicom(_store_16)),
    "dicom-signed": Format(".dcm", _dicom(_store_signed)),
    "dicom-1-bit": Format(".dcm", _dicom(_store_1_bit), is_one_bit=True),
    "dicom-palette-padded": Format(".dcm", _dicom(_store_palette(8, BACKWARDS.astype("<u2")))),
    "dicom-palette-16-of-8": Format(".dcm", _dicom(_store_palette(16, BACKWARDS.astype("<u2")))),
    "dicom-one-frame-cine": Format(".dcm", _make_one_frame_cine),
}


def expected_grey(name: str, image: Grey) -> NDArray[np.float32]:
    """Compute what a format gives back of an image."""
    if FORMATS[name].is_one_bit:
        return np.where(_is_bright(image), 255, 0).astype(np.float32)
    return image.astype(np.float32)
