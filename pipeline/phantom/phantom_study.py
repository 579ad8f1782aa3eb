"""Folders of phantoms: a mixed study to segment, and a plain data set to train on."""

import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.atomic import write_atomically
from pipeline.phantom.phantom import Phantom, make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import DicomKind, write_phantom_dicom
from pipeline.phantom.phantom_lesion import Pathology
from pipeline.phantom.phantom_pixels import JPEG_QUALITY
from pipeline.write_table import write_table

PATHOLOGIES: tuple[Pathology, ...] = ("benign", "malignant", "normal", "benign")
"""Pathologies of successive images, over and over."""

STILLS: tuple[tuple[str, str | DicomKind], ...] = (
    ("png/phantom_{:03d}.png", "L"),
    ("png/phantom_{:03d}.png", "RGB"),
    ("dicom/phantom_{:03d}.dcm", DicomKind.MONOCHROME2),
    ("dicom/phantom_{:03d}.dcm", DicomKind.RGB),
    ("other/phantom_{:03d}.jpg", "L"),
    ("other/phantom_{:03d}.bmp", "L"),
    ("other/phantom_{:03d}.tif", "L"),
    ("png/phantom_{:03d}.png", "L"),
    ("dicom/phantom_{:03d}.dcm", DicomKind.YBR_FULL_422_JPEG),
    ("dicom/phantom_{:03d}.dcm", DicomKind.PALETTE_16),
    ("png/phantom_{:03d}.png", "RGB"),
    ("dicom/phantom_{:03d}.dcm", DicomKind.MONOCHROME2),
)
"""Names and pixel encodings of successive images of a study, over and over."""

PILLOW_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".bmp": "BMP", ".tif": "TIFF"}
"""Pillow's name of the format of each suffix."""

MARK_COLOR = (255, 226, 120)
"""Colour of burnt-in text and marks of RGB images, at full grey level."""

README = """Synthetic breast ultrasound, made by breast-us-seg phantom. No person was imaged.
This file is no image: a run over the folder has to skip it.
"""
"""Text of the file that is to be skipped."""


@dataclass(frozen=True)
class PhantomFile:
    """One written image.

    Attributes:
        path: path relative to the folder of the images, with `/`.
        pathology: what the image shows.
        mm_per_pixel: edge of a pixel in mm, whether or not the file has it.
        lesions: number of lesions; of a cine, in the frame that has most.
    """

    path: str
    pathology: Pathology
    mm_per_pixel: float
    lesions: int


def write_phantom_study(
    out: Path,
    *,
    images: int = 12,
    seed: int = 0,
    shape: tuple[int, int] = (400, 500),
    frames: int = 12,
) -> list[PhantomFile]:
    """Write a study of many formats with its truth.

    Below `out`: the stills of `STILLS` and a cine, `images/cine/sweep.dcm`; a text to be skipped,
    `images/readme.txt`; for each image `truth/` and its path, with `.png` appended unless it ends
    so, and for frame k of the cine `truth/cine/sweep.dcm/000k.png` from 1: uint8 (H, W), lesion
    255, else 0; and `phantoms.csv`, a row for each file. Files of the same name are replaced.

    Args:
        out: folder to write to.
        images: number of stills; 12 or more make every format.
        seed: seed of everything.
        shape: rows and columns of the largest still, and of the cine; stills differ in size.
        frames: number of frames of the cine.

    Returns:
        The written files, stills first.

    Raises:
        ValueError: if a number is out of range.
        WriteError: if a file cannot be written.
    """
    _check_count(images)
    written = [
        _write_still(out, index, seed, _vary_shape(seed, index, shape)) for index in range(images)
    ]
    written.append(_write_cine(out, images, seed, shape, frames))
    write_atomically(out / "images" / "readme.txt", README.encode())
    _write_table(out / "phantoms.csv", written)
    return written


def write_phantom_dataset(
    out: Path, *, images: int = 12, seed: int = 0, shape: tuple[int, int] = (400, 500)
) -> list[PhantomFile]:
    """Write a plain data set to train on: `images/*.png` and `masks/*.png` of the same names.

    A quarter of the images is normal, with black masks. Files of the same name are replaced.

    Args:
        out: folder to write to.
        images: number of images.
        seed: seed of everything.
        shape: rows and columns of each image.

    Returns:
        The written images.

    Raises:
        ValueError: if a number is out of range.
        WriteError: if a file cannot be written.
    """
    _check_count(images)
    written = []
    for index in range(images):
        path = f"phantom_{index:03d}.png"
        phantom = _make_case(seed, index, shape)
        write_atomically(out / "images" / path, _encode_image(phantom.image, ".png"))
        _write_mask(out / "masks" / path, phantom.label)
        written.append(
            PhantomFile(path, phantom.pathology, phantom.mm_per_pixel, len(phantom.lesions))
        )
    _write_table(out / "phantoms.csv", written)
    return written


def _check_count(images: int) -> None:
    if images < 1:
        msg = f"expected 1 image or more, got {images}"
        raise ValueError(msg)


def _make_case(seed: int, index: int, shape: tuple[int, int], *, is_marked: bool = True) -> Phantom:
    """Make one image; by chance with a console around it, and with marks if wanted."""
    rng = np.random.default_rng([seed, index])
    image_seed = int(rng.integers(2**31))
    has_console, has_ticks, has_calipers = (bool(x) for x in rng.random(3) < (0.5, 0.5, 0.2))
    return make_phantom(
        image_seed,
        shape=shape,
        pathology=PATHOLOGIES[index % len(PATHOLOGIES)],
        border=has_console,
        text=is_marked and has_console,
        ticks=is_marked and has_ticks,
        calipers=is_marked and has_calipers,
    )


def _vary_shape(seed: int, index: int, shape: tuple[int, int]) -> tuple[int, int]:
    factor = np.random.default_rng([seed, index, 1]).uniform(0.8, 1.0, 2)
    return round(shape[0] * factor[0]), round(shape[1] * factor[1])


def _write_still(out: Path, index: int, seed: int, shape: tuple[int, int]) -> PhantomFile:
    name, encoding = STILLS[index % len(STILLS)]
    path = name.format(index)
    phantom = _make_case(seed, index, shape)
    pixels = phantom.image
    if encoding in ("RGB", DicomKind.RGB):
        pixels = _tint_marks(pixels, _make_case(seed, index, shape, is_marked=False).image)
    if isinstance(encoding, DicomKind):
        write_phantom_dicom(
            out / "images" / path,
            pixels,
            kind=encoding,
            mm_per_pixel=(phantom.mm_per_pixel, phantom.mm_per_pixel),
            region=phantom.box,
            seed=seed,
            instance_number=index + 1,
        )
    else:
        write_atomically(out / "images" / path, _encode_image(pixels, Path(path).suffix))
    _write_mask(out / "truth" / _name_truth(path), phantom.label)
    return PhantomFile(path, phantom.pathology, phantom.mm_per_pixel, len(phantom.lesions))


def _write_cine(
    out: Path, index: int, seed: int, shape: tuple[int, int], frames: int
) -> PhantomFile:
    drawn = int(np.random.default_rng([seed, index]).integers(2**31))  # as that of a still
    cine = make_phantom_cine(drawn, frames=frames, shape=shape)
    path = "cine/sweep.dcm"
    write_phantom_dicom(
        out / "images" / path,
        cine.images,
        mm_per_pixel=(cine.mm_per_pixel, cine.mm_per_pixel),
        region=cine.box,
        seed=seed,
        instance_number=index + 1,
    )
    for number, label in enumerate(cine.labels, start=1):
        _write_mask(out / "truth" / path / f"{number:04d}.png", label)
    lesions = int(any(lesion is not None for lesion in cine.lesions))
    return PhantomFile(path, cine.pathology, cine.mm_per_pixel, lesions)


def _tint_marks(marked: NDArray[np.uint8], plain: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give grey (H, W) as RGB (H, W, 3), with the pixels that differ from `plain` in colour."""
    rgb = np.repeat(marked[..., None], 3, axis=-1)
    is_mark = marked != plain
    rgb[is_mark] = np.rint(rgb[is_mark] * (np.array(MARK_COLOR) / 255)).astype(np.uint8)
    return rgb


def _name_truth(path: str) -> str:
    return path if PurePosixPath(path).suffix == ".png" else f"{path}.png"


def _write_mask(path: Path, label: NDArray[np.bool_]) -> None:
    write_atomically(path, _encode_image(label.astype(np.uint8) * 255, ".png"))


def _encode_image(pixels: NDArray[np.uint8], suffix: str) -> bytes:
    buffer = io.BytesIO()
    options = {"quality": JPEG_QUALITY} if suffix == ".jpg" else {}
    Image.fromarray(pixels).save(buffer, PILLOW_FORMATS[suffix], **options)
    return buffer.getvalue()


def _write_table(path: Path, files: list[PhantomFile]) -> None:
    rows = (
        {
            "image": file.path,
            "pathology": file.pathology,
            "mm_per_pixel": f"{file.mm_per_pixel:.6f}",
            "lesions": file.lesions,
        }
        for file in files
    )
    write_table(path, ("image", "pathology", "mm_per_pixel", "lesions"), rows)
