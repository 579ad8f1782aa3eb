"""Raster files that are damaged, too large or of an unknown pixel type.

Image: the orientation phantom, 48 x 80.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from image_formats import FORMATS
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError
from pipeline.readers.codec import tiff_page
from pipeline.readers.codec.raster_codec import decode_raster, read_raster_header
from pipeline.readers.file_type import FileType, detect_file_type
from pipeline.readers.limits import LARGEST_IMAGE_PX
from pipeline.readers.raster_source import RasterSource
from pipeline.readers.region.calibrated_region import RegionOrigin

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


def _list_ifd(content: bytes) -> range:
    (at,) = struct.unpack("<I", content[4:8])
    (count,) = struct.unpack("<H", content[at : at + 2])
    return range(at, at + 2 + 12 * count)


DAMAGED: dict[str, tuple[Callable[[bytes], Iterable[int]], set[int], set[int]]] = {
    "png-L": (lambda content: range(8, len(content)), {*range(34, 37), *range(308, 320)}, set()),
    "png-palette": (
        lambda content: range(8, len(content)),
        {*range(814, 817), *range(1199, 1211)},
        set(),
    ),
    "bmp-L": (
        lambda content: (*range(8, 54), len(content) - 1),
        {8, 9, 26, 27, *range(34, 46), *range(50, 54)},
        {4917},
    ),
    "tiff-L": (
        _list_ifd,
        {
            *(*range(44, 50), *range(51, 54), 56, 57, 68, 69),
            *(*range(82, 103), *range(106, 118)),
        },
        set(),
    ),
}
"""Bytes that are inverted one by one, those after which the picture is the same, or another one.

Of PNG there is but the length of pixels that go on to the end of the file, and all behind them; of
BMP what is not needed, and a pixel; of TIFF tags that say what is the default.
"""


@pytest.mark.parametrize("name", DAMAGED)
def test_every_damage_ends_in_a_read_error_or_is_none(name: str, tmp_path: Path) -> None:
    path = tmp_path / "image"
    FORMATS[name].write(path, IMAGE)
    original, expected = path.read_bytes(), read(path)
    choose, same, other = DAMAGED[name]
    found: dict[str, set[int]] = {"same": set(), "other": set()}
    for at in choose(original):
        path.write_bytes(original[:at] + bytes([original[at] ^ 0xFF]) + original[at + 1 :])
        with contextlib.suppress(ReadError):
            found["same" if np.array_equal(read(path), expected) else "other"].add(at)
    assert found == {"same": same, "other": other}


def test_message_does_not_quote_the_decoder(tmp_path: Path, monkeypatch) -> None:
    def fail(*args: object) -> None:
        raise ValueError("invalid literal 'SECRET NAME'")

    path = tmp_path / "image"
    FORMATS["png-L"].write(path, IMAGE)
    monkeypatch.setattr("pipeline.readers.codec.raster_codec.turn_upright", fail)
    with pytest.raises(ReadError) as caught:
        decode_raster({"path": str(path), "format": "PNG", "page": [0, 0]})
    assert "SECRET" not in str(caught.value)


def test_grey_of_colour_is_luma_to_the_last_digit(tmp_path: Path) -> None:
    """The weights of ITU-R BT.601 in 16 bits, with rounding; of one level in each colour too."""
    rgb = np.random.default_rng(0).integers(256, size=(64, 96, 3), dtype=np.uint8)
    rgb[0, :9] = np.vstack([np.zeros((3, 3)), np.eye(3), 255 * np.eye(3)])
    Image.fromarray(rgb).save(tmp_path / "image.png")
    expected = (rgb.astype(np.int64) @ [19595, 38470, 7471] + 2**15) >> 16
    assert np.array_equal(read(tmp_path / "image.png"), expected)


@pytest.mark.parametrize(("name", "dtype"), [("png-RGB", np.uint8), ("png-16", np.float32)])
def test_only_16_bits_cross_the_processes_as_floats(name: str, dtype: type, tmp_path: Path) -> None:
    FORMATS[name].write(tmp_path / "image", IMAGE)
    path = str(tmp_path / "image")
    _, grey = decode_raster({"path": path, "format": "PNG", "page": [0, 0]})
    assert grey.dtype == dtype
    assert read(tmp_path / "image").dtype == np.float32
    assert np.array_equal(read(tmp_path / "image"), IMAGE)


def test_every_page_is_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    pages = [Image.fromarray(IMAGE // number) for number in (1, 2, 3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    source = RasterSource(path, FileType.TIFF)
    assert source.frames == 3
    for index in (2, 0, 1):
        assert np.array_equal(source.read(index), IMAGE // (index + 1))


@pytest.mark.parametrize("index", [-1, 1])
def test_page_that_is_not_there(index: int, tmp_path: Path) -> None:
    FORMATS["tiff-L"].write(tmp_path / "image", IMAGE)
    with pytest.raises(ReadError, match=f"expected a frame from 1 to 1, got {index + 1}"):
        RasterSource(tmp_path / "image", FileType.TIFF).read(index)


@pytest.mark.parametrize("count", [3, 4])
def test_pages_are_limited(count: int, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "pages.tif"
    page = Image.fromarray(IMAGE)
    page.save(path, save_all=True, append_images=[page] * (count - 1))
    monkeypatch.setattr(tiff_page, "MOST_FRAMES", 3)
    arguments = {"path": str(path), "format": "TIFF"}
    if count == 3:
        assert len(read_raster_header(arguments)[0]["pages"]) == 3
        return
    with pytest.raises(ReadError, match="expected a TIFF of at most 3 pages, got more"):
        read_raster_header(arguments)


def test_header_tells_nothing_that_another_source_would_have(tmp_path: Path) -> None:
    FORMATS["png-L"].write(tmp_path / "image", IMAGE)
    source = RasterSource(tmp_path / "image", FileType.PNG)
    assert set(source.identity.values()) == {""}
    assert source.remarks == ()
    assert not source.may_name_patient


@pytest.mark.parametrize("name", ["jpeg-L", "jpeg-exif-6", "tiff-L"])
def test_size_is_that_of_the_frame(name: str, tmp_path: Path) -> None:
    FORMATS[name].write(tmp_path / "image", IMAGE)
    source = RasterSource(tmp_path / "image", detect_file_type(tmp_path / "image"))
    assert source.size == source.read(0).shape == (48, 80)


def test_region_has_no_mm_and_is_the_whole_page_unless_looked_for(tmp_path: Path) -> None:
    FORMATS["png-L"].write(tmp_path / "image", IMAGE)
    source = RasterSource(tmp_path / "image", FileType.PNG)
    (region,) = source.regions(source.read(0), find_field=False)
    assert region.box == (0, 0, 48, 80)
    assert region.mm_per_pixel is None
    assert region.origin is RegionOrigin.WHOLE


def test_name_of_any_letters_and_relative_to_the_current_folder(
    tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "Gr\u00f6\u00dfe \u4e73.png"
    FORMATS["png-L"].write(path, IMAGE)
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(
        decode_raster({"path": path.name, "format": "PNG", "page": [0, 0]})[1], IMAGE
    )
    assert np.array_equal(read(path), IMAGE)


def test_floating_point_is_refused(tmp_path: Path) -> None:
    Image.fromarray(IMAGE.astype(np.float32)).save(tmp_path / "image.tif")
    with pytest.raises(ReadError, match="got floating point"):
        read(tmp_path / "image.tif")


def test_values_beyond_16_bits_are_refused(tmp_path: Path) -> None:
    Image.fromarray(IMAGE.astype(np.int32) * 1000).save(tmp_path / "image.tif")
    with pytest.raises(ReadError, match=r"expected values from 0 to 65535, got 2\d+ to 220000"):
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a FIFO")
def test_file_that_became_a_fifo(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    FORMATS["png-L"].write(path, IMAGE)
    source = RasterSource(path, FileType.PNG)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ReadError, match="expected a regular file"):
        source.read(0)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_png_with_a_bomb_of_text(kind: bytes, place: str, tmp_path: Path) -> None:
    """8 MiB of nothing in 8 kB, before the pixels and behind them."""
    path = tmp_path / "image.png"
    FORMATS["png-L"].write(path, IMAGE)
    content = path.read_bytes()
    bomb = zlib.compress(bytes(8 << 20), 9)
    head = b"k\x00\x01\x00\x00\x00" if kind == b"iTXt" else b"k\x00\x00"
    chunk = struct.pack(">I", len(head + bomb)) + kind + head + bomb
    chunk += struct.pack(">I", zlib.crc32(kind + head + bomb))
    at = 33 if place == "before" else content.index(b"IEND") - 4
    path.write_bytes(content[:at] + chunk + content[at:])
    with pytest.raises(ReadError, match="expected a PNG file of an image, got one with more than"):
        read(path)
