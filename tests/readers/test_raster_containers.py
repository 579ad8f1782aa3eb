"""Orientation in every container, and kinds of JPEG, PNG and BMP. Picture: the phantom, 48 x 80.

`imagecodecs` and own code write what Pillow decodes here.
"""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from image_formats import JPEG_TOLERANCE, STORED_FOR_EXIF
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError
from pipeline.readers.file_type import detect_file_type
from pipeline.readers.raster_source import RasterSource

IMAGE, _ = make_orientation_phantom(48, 80)
RGB = np.dstack([IMAGE] * 3)
UPRIGHT = {1: lambda image: image, **STORED_FOR_EXIF}
CONTAINERS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95}, "PNG": {}, "TIFF": {}}


def read(path: Path) -> np.ndarray:
    source = RasterSource(path, detect_file_type(path))
    grey = source.read(0)
    assert source.size == grey.shape
    return grey


def save(path: Path, image: np.ndarray, container: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(image))
    stored.save(path, container, exif=exif, **CONTAINERS[container])


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("container", CONTAINERS)
def test_orientation(container: str, orientation: int, tmp_path: Path) -> None:
    for stored in (IMAGE, RGB):
        turned = UPRIGHT[orientation](stored[..., 0] if stored.ndim == 3 else stored)
        turned = np.dstack([turned] * 3) if stored.ndim == 3 else turned
        save(tmp_path / "x", turned, container, orientation)
        tolerance = JPEG_TOLERANCE if container == "JPEG" else 0
        assert np.abs(read(tmp_path / "x") - IMAGE).max() <= tolerance


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("orientation", [0, 9])
def test_orientation_of_no_meaning(container: str, orientation: int, tmp_path: Path) -> None:
    save(tmp_path / "x", IMAGE, container, orientation)
    assert np.abs(read(tmp_path / "x") - IMAGE).max() <= JPEG_TOLERANCE


@pytest.mark.parametrize("damage", [b"XX", b"II*\0\xff\xff\xff\x7f"])
def test_exif_that_is_damaged_does_not_count(damage: bytes, tmp_path: Path) -> None:
    save(tmp_path / "x.jpg", IMAGE, "JPEG", 6)
    content = bytearray((tmp_path / "x.jpg").read_bytes())
    at = content.index(b"Exif\0\0") + 6
    content[at : at + len(damage)] = damage
    (tmp_path / "x.jpg").write_bytes(content)
    assert np.abs(read(tmp_path / "x.jpg") - IMAGE).max() <= JPEG_TOLERANCE


JPEG_READ: dict[str, dict[str, Any]] = {
    "4:4:4": {"subsampling": "444"},
    "4:2:2": {"subsampling": "422"},
    "4:2:0": {"subsampling": "420"},
    "4:1:1": {"subsampling": "411"},
    "RGB": {"colorspace": "RGB", "outcolorspace": "RGB"},
    "lossless": {"lossless": True},
}


@pytest.mark.parametrize("name", JPEG_READ)
def test_jpeg_that_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(imagecodecs.jpeg8_encode(RGB, level=95, **JPEG_READ[name]))
    assert np.abs(read(tmp_path / "x") - IMAGE).max() <= JPEG_TOLERANCE


def test_jpeg_of_cmyk_with_and_without_adobe(tmp_path: Path) -> None:
    cmyk = Image.fromarray(RGB).convert("CMYK")
    cmyk.save(tmp_path / "adobe", "JPEG", quality=95)
    inks = imagecodecs.jpeg8_encode(
        255 - np.asarray(cmyk), level=95, colorspace="CMYK", outcolorspace="CMYK"
    )
    (tmp_path / "plain").write_bytes(inks)
    for name in ("adobe", "plain"):
        assert np.abs(read(tmp_path / name) - IMAGE).max() <= JPEG_TOLERANCE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            imagecodecs.jpeg8_encode(IMAGE.astype(np.uint16) * 16, level=95, bitspersample=12),
            "JPEG of 8 bits in discrete cosines, got one of 12 bits",
        ),
        (imagecodecs.jpegls_encode(IMAGE), "got one of 8 bits of another coding"),
    ],
)
def test_jpeg_that_is_refused_by_name(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ReadError, match=reason):
        read(tmp_path / "x")


def make_bmp(bits: int, rows: list[bytes], *, kind: int = 0, extra: bytes = b"") -> bytes:
    """Rows from the top, stored from the bottom; `extra` is a palette or bit masks."""
    pixels = b"".join(row + bytes(-len(row) % 4) for row in reversed(rows))
    start = 54 + len(extra)
    head = struct.pack("<IiiHHIIiiII", 40, 80, 48, 1, bits, kind, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + extra + pixels


GREYS = b"".join(bytes((level, level, level, 0)) for level in range(256))
FIVE = (IMAGE >> 3).astype("<u2")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (make_bmp(8, [row.tobytes() for row in IMAGE], extra=GREYS), IMAGE),
        (make_bmp(8, [bytes(255 - row) for row in IMAGE], extra=GREYS[::-1][1:] + b"\0"), IMAGE),
        (make_bmp(24, [row.tobytes() for row in RGB]), IMAGE),
        (make_bmp(32, [row.tobytes() for row in np.dstack([RGB, IMAGE])]), IMAGE),
        (make_bmp(16, [(row | row << 5 | row << 10).tobytes() for row in FIVE]), FIVE * 255 // 31),
        (
            make_bmp(
                1,
                [np.packbits(row > 150).tobytes() for row in IMAGE],
                extra=bytes(4) + b"\xff\xff\xff\0",
            ),
            np.where(IMAGE > 150, 255, 0),
        ),
    ],
    ids=["8", "8 reversed palette", "24", "32", "16", "1"],
)
def test_bmp_that_is_read(content: bytes, expected: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    assert np.abs(read(tmp_path / "x") - expected).max() <= 1


def test_bmp_that_is_refused_by_name(tmp_path: Path) -> None:
    inside = imagecodecs.jpeg8_encode(IMAGE, level=95)
    (tmp_path / "x").write_bytes(make_bmp(0, [inside], kind=4))
    with pytest.raises(ReadError, match="expected a BMP file of a kind that is read"):
        read(tmp_path / "x")
