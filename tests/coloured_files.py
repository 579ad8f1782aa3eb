"""A picture with something in colour, in every format."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from coloured_images import draw_colours, make_grey
from PIL import Image
from pydicom import Dataset, dcmwrite

from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset

GREY = make_grey()
RGB, DRAWN = draw_colours(GREY)

Write = Callable[[Path], None]


def save(name: str, mode: str = "RGB", **options: object) -> Write:
    def write(path: Path) -> None:
        image = Image.fromarray(RGB).convert(mode)
        image.save(path, name, **options)

    return write


def save_palette(path: Path) -> None:
    """Save with every colour in the palette, in an order of no meaning."""
    colours, indices = np.unique(RGB.reshape(-1, 3), axis=0, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(colours))
    image = Image.fromarray(np.argsort(order)[indices].reshape(GREY.shape).astype(np.uint8))
    image.putpalette(colours[order].tobytes())
    image.save(path, "PNG")


def save_turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    Image.fromarray(np.ascontiguousarray(np.rot90(RGB))).save(path, "PNG", exif=exif)


def write_dicom(path: Path, dataset: Dataset) -> None:
    dcmwrite(path, dataset, enforce_file_format=True)


def save_dicom(kind: DicomKind) -> Write:
    return lambda path: write_dicom(path, make_phantom_dataset(RGB, kind=kind))


def save_dicom_ybr(path: Path) -> None:
    dataset = make_phantom_dataset(RGB, kind=DicomKind.RGB)
    dataset.PhotometricInterpretation = "YBR_FULL"
    dataset.PixelData = np.asarray(Image.fromarray(RGB).convert("YCbCr")).tobytes()
    write_dicom(path, dataset)


def save_dicom_palette(path: Path) -> None:
    colours, indices = np.unique(RGB.reshape(-1, 3), axis=0, return_inverse=True)
    dataset = make_phantom_dataset(indices.reshape(GREY.shape).astype(np.uint8))
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for channel, colour in enumerate(("Red", "Green", "Blue")):
        table = (colours[:, channel].astype("<u2") * 257).tobytes()
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [len(colours), 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table)
    write_dicom(path, dataset)


EXACT: dict[str, Write] = {
    "png": save("PNG"),
    "png-alpha": save("PNG", "RGBA"),
    "png-palette": save_palette,
    "png-turned": save_turned,
    "bmp": save("BMP"),
    "tiff": save("TIFF"),
    "tiff-lzw": save("TIFF", compression="tiff_lzw"),
    "dicom-rgb": save_dicom(DicomKind.RGB),
    "dicom-ybr": save_dicom_ybr,
    "dicom-palette": save_dicom_palette,
}
LOSSY: dict[str, Write] = {
    "jpeg": save("JPEG", quality=90),
    "dicom-jpeg": save_dicom(DicomKind.YBR_FULL_422_JPEG),
}
