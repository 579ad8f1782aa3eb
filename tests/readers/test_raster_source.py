"""Raster files that are damaged, too large or of an unknown pixel type.

Image: the orientation phantom, 48 x 80.
"""

import struct
from pathlib import Path

import numpy as np
import pytest
from image_formats import FORMATS
from PIL import Image

from pipeline.datasets.phantom import make_orientation_phantom
from pipeline.errors import ReadError
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.image_source import LARGEST_IMAGE_PX
from pipeline.readers.raster_source import RasterSource

IMAGE, _ = make_orientation_phantom(48, 80)


def read(path: Path) -> np.ndarray:
    return RasterSource(path, detect_file_type(path)).read(0)


@pytest.mark.parametrize("name", ["png-L", "jpeg-L", "bmp-L", "tiff-L", "tiff-lzw"])
def test_file_that_is_cut_off(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    FORMATS[name].write(path, IMAGE)
    content = path.read_bytes()
    path.write_bytes(content[: 2 * len(content) // 3])
    with pytest.raises(ReadError, match="expected a whole"):
        read(path)


def test_png_that_is_cut_off_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "image"
    FORMATS["png-L"].write(path, IMAGE)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ReadError, match="expected a whole PNG file, got a damaged one, cut off"):
        read(path)


@pytest.mark.parametrize("name", ["png-L", "png-palette", "jpeg-exif-5", "bmp-L", "tiff-L"])
def test_every_damage_ends_in_a_read_error(name: str, tmp_path: Path) -> None:
    """Flip bytes everywhere but in the magic; nothing but our own error, and no warning."""
    rng = np.random.default_rng(0)
    path = tmp_path / "image"
    FORMATS[name].write(path, IMAGE)
    original = path.read_bytes()
    errors = 0
    for _ in range(120):
        content = bytearray(original)
        for position in rng.integers(8, len(content), 6):
            content[position] = rng.integers(256)
        path.write_bytes(content)
        try:
            read(path)
        except ReadError:
            errors += 1
    assert errors > 0


def test_message_does_not_quote_the_decoder(tmp_path: Path, monkeypatch) -> None:
    def fail(*args: object) -> None:
        raise ValueError("invalid literal 'SECRET NAME'")

    path = tmp_path / "image"
    FORMATS["png-L"].write(path, IMAGE)
    monkeypatch.setattr("pipeline.readers.raster_source.ImageOps.exif_transpose", fail)
    with pytest.raises(ReadError) as caught:
        read(path)
    assert "SECRET" not in str(caught.value)


def test_floating_point_is_refused(tmp_path: Path) -> None:
    Image.fromarray(IMAGE.astype(np.float32)).save(tmp_path / "image.tif")
    with pytest.raises(ReadError, match="got floating point"):
        read(tmp_path / "image.tif")


def test_values_beyond_16_bits_are_refused(tmp_path: Path) -> None:
    Image.fromarray(IMAGE.astype(np.int32) * 1000).save(tmp_path / "image.tif")
    with pytest.raises(ReadError, match=r"expected values from 0 to 65535, got 2\d+\.0 to 220000"):
        read(tmp_path / "image.tif")


@pytest.mark.parametrize("width", [10_000, 60_000])
def test_gigantic_png_is_refused_by_its_header(width: int, tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    FORMATS["png-L"].write(path, IMAGE)
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", width, width)
    path.write_bytes(content)
    with pytest.raises(ReadError, match="expected"):
        RasterSource(path, FileType.PNG)


def test_gigantic_second_page_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    side = int(LARGEST_IMAGE_PX**0.5) + 8
    first, second = Image.new("1", (80, 48)), Image.new("1", (side, side))
    first.save(path, save_all=True, append_images=[second], compression="group4")
    source = RasterSource(path, FileType.TIFF)
    assert source.frames == 2
    with pytest.raises(ReadError, match="expected a frame of 1 to"):
        source.read(1)


def test_file_that_vanishes(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    FORMATS["png-L"].write(path, IMAGE)
    source = RasterSource(path, FileType.PNG)
    path.unlink()
    with pytest.raises(ReadError, match="FileNotFoundError"):
        source.read(0)
