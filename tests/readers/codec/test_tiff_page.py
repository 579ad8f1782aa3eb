"""Every tag of a TIFF that changes what is seen, against the picture that was stored.

tifffile writes, and with `imagecodecs` decodes what Pillow and libtiff decode here; files that no
library writes are put together tag by tag (`tiff_files.py`). The picture is the phantom, 48 x 80.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from image_formats import STORED_FOR_EXIF
from orientation_phantom import make_orientation_phantom
from PIL import Image
from tiff_files import make_page, write_tiff

from pipeline.errors import ReadError
from pipeline.readers.codec.raster_codec import decode_raster, read_raster_header
from pipeline.readers.file_type import FileType
from pipeline.readers.raster_source import RasterSource

IMAGE, _ = make_orientation_phantom(48, 80)
DEEP = IMAGE.astype(np.uint16) * 257
RGB = np.dstack([IMAGE] * 3)
DEEP_RGB = np.dstack([DEEP] * 3)
PLANES, DEEP_PLANES = (np.ascontiguousarray(a.transpose(2, 0, 1)) for a in (RGB, DEEP_RGB))
ALPHA = np.full_like(IMAGE, 200)
BACKWARDS = np.array([int(f"{byte:08b}"[::-1], 2) for byte in range(256)], np.uint8)
UPRIGHT = {1: lambda image: image, **STORED_FOR_EXIF}


def read(path: Path) -> np.ndarray:
    """Decode the only page here, not in a process of its own; its size was told before."""
    arguments = {"path": str(path), "format": "TIFF"}
    meta, _ = read_raster_header(arguments)
    (page,) = meta["pages"]
    _, grey = decode_raster({**arguments, "page": page})
    assert tuple(meta["size"]) == grey.shape
    return grey


GREY = {"photometric": "minisblack"}
WHITE = {"photometric": "miniswhite"}
COLOUR = {"photometric": "rgb"}
PLANAR = {"planarconfig": "separate"}
GREY_ALPHA = {**GREY, "planarconfig": "contig"}
PALETTE = np.stack([(255 - np.arange(256)) * 257] * 3).astype(np.uint16)

READ: dict[str, tuple[np.ndarray, dict[str, Any]]] = {
    "8": (IMAGE, GREY),
    "8 strips": (IMAGE, {**GREY, "rowsperstrip": 7}),
    "8 tiles": (IMAGE, {**GREY, "tile": (16, 32)}),
    "8 white is zero": (255 - IMAGE, WHITE),
    "8 white is zero, LZW": (255 - IMAGE, {**WHITE, "compression": "lzw"}),
    "12": (DEEP >> 4, {**GREY, "bitspersample": 12}),
    "16": (DEEP, GREY),
    "16 white is zero": (65535 - DEEP, WHITE),
    "16 LZW": (DEEP, {**GREY, "compression": "lzw"}),
    "32": (DEEP.astype(np.uint32), GREY),
    "signed 16": ((DEEP >> 1).astype(np.int16), GREY),
    "signed 32": (DEEP.astype(np.int32), GREY),
    "grey and alpha": (np.dstack([IMAGE, ALPHA]), {**GREY_ALPHA, "extrasamples": ["unassalpha"]}),
    "grey and alpha, 16": (np.dstack([DEEP] * 2), {**GREY_ALPHA, "extrasamples": ["unassalpha"]}),
    "grey and alpha, planar": (
        np.stack([IMAGE, ALPHA]),
        {**GREY, **PLANAR, "extrasamples": ["unassalpha"]},
    ),
    "grey and opaque premultiplied alpha": (
        np.dstack([IMAGE, np.full_like(IMAGE, 255)]),
        {**GREY_ALPHA, "extrasamples": ["assocalpha"]},
    ),
    "grey and something": (np.dstack([IMAGE, ALPHA]), {**GREY_ALPHA, "extrasamples": [0]}),
    "RGB": (RGB, COLOUR),
    "RGB planar": (PLANES, {**COLOUR, **PLANAR}),
    "RGB planar, LZW": (PLANES, {**COLOUR, **PLANAR, "compression": "lzw"}),
    "RGB 16": (DEEP_RGB, COLOUR),
    "RGB 16 planar": (DEEP_PLANES, {**COLOUR, **PLANAR}),
    "RGBA": (np.dstack([RGB, ALPHA]), {**COLOUR, "extrasamples": ["unassalpha"]}),
    "RGB and something": (np.dstack([RGB, ALPHA, ALPHA]), {**COLOUR, "extrasamples": [0, 0]}),
    "CMYK": (np.dstack([255 - RGB, 0 * IMAGE]), {"photometric": "separated"}),
    "palette": (255 - IMAGE, {"photometric": "palette", "colormap": PALETTE}),
    "PackBits": (IMAGE, {**GREY, "compression": "packbits"}),
    "Deflate": (IMAGE, {**GREY, "compression": "zlib"}),
    "LZW, predictor": (IMAGE, {**GREY, "compression": "lzw", "predictor": 2}),
    "16 LZW, predictor": (DEEP, {**GREY, "compression": "lzw", "predictor": 2}),
    "RGB Deflate, predictor": (RGB, {**COLOUR, "compression": "zlib", "predictor": 2}),
    "resolution": (IMAGE, {**GREY, "resolution": (300, 100), "resolutionunit": "inch"}),
}
ORDERS: dict[str, dict[str, Any]] = {
    "little": {},
    "big": {"byteorder": ">"},
    "BigTIFF": {"bigtiff": True},
    "big BigTIFF": {"byteorder": ">", "bigtiff": True},  # which Pillow does not know at all
}
BIG_ENDIAN_BIGTIFF = [
    name for name in READ if not {"LZW", "palette", "CMYK"} & {*name.replace(",", "").split()}
]


@pytest.mark.parametrize("name", READ)
def test_kind_that_is_read(name: str, tmp_path: Path) -> None:
    values, options = READ[name]
    for order, more in ORDERS.items():
        if order == "big BigTIFF" and name not in BIG_ENDIAN_BIGTIFF:
            continue
        path = tmp_path / f"{order}.tif"
        tifffile.imwrite(path, values, **options, **more)
        if name == "12" and order in ("big", "big BigTIFF"):
            with pytest.raises(ReadError, match="1 x 12 bits"):
                read(path)
            continue
        expected = IMAGE / 2 if name == "signed 16" else IMAGE
        difference = np.abs(read(path).astype(float) - expected).max()
        assert difference <= (0.5 if name == "12" else 0.01), order


STORED: dict[str, tuple[Callable[[np.ndarray], np.ndarray], dict[str, Any]]] = {
    "8": (lambda image: image, GREY),
    "8 big-endian": (lambda image: image, {**GREY, "byteorder": ">"}),
    "8 BigTIFF": (lambda image: image, {**GREY, "bigtiff": True}),
    "8 big-endian BigTIFF": (lambda image: image, {**GREY, "bigtiff": True, "byteorder": ">"}),
    "8 white is zero": (lambda image: 255 - image, WHITE),
    "8 LZW": (lambda image: image, {**GREY, "compression": "lzw"}),
    "8 tiles, Deflate": (lambda image: image, {**GREY, "compression": "zlib", "tile": (16, 16)}),
    "16": (lambda image: image.astype(np.uint16) * 257, GREY),
    "16 white is zero": (lambda image: 65535 - image.astype(np.uint16) * 257, WHITE),
    "RGB": (lambda image: np.dstack([image] * 3), COLOUR),
    "RGB 16 planar": (lambda image: np.stack([image.astype(np.uint16) * 257] * 3), PLANAR | COLOUR),
    "1": (lambda image: image > 150, GREY),
}


@pytest.mark.parametrize("name", STORED)
def test_orientation(name: str, tmp_path: Path) -> None:
    to_values, options = STORED[name]
    expected = np.where(IMAGE > 150, 255, 0) if name == "1" else IMAGE
    for orientation, turn in UPRIGHT.items():
        stored = np.ascontiguousarray(turn(IMAGE))
        tag = [(274, "H", 1, orientation, True)]
        path = tmp_path / f"{orientation}.tif"
        tifffile.imwrite(path, to_values(stored), extratags=tag, **options)
        assert np.array_equal(read(path), expected), orientation


@pytest.mark.parametrize("orientation", [0, 9, 6000])
def test_orientation_of_no_meaning(orientation: int, tmp_path: Path) -> None:
    write_tiff(tmp_path / "x.tif", make_page(IMAGE, t274=[orientation]))
    assert np.array_equal(read(tmp_path / "x.tif"), IMAGE)


def test_orientation_of_another_page_and_of_xmp_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    xmp = b'<x tiff:Orientation="6"/>'
    write_tiff(path, make_page(IMAGE, t700=xmp), make_page(IMAGE.T[::-1].copy(), t274=[6]))
    source = RasterSource(path, FileType.TIFF)
    assert source.size == (48, 80)
    assert all(np.array_equal(source.read(index), IMAGE) for index in range(2))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("tags", [{}, {"t262": [0]}])
def test_fill_order(order: str, tags: dict[str, list[int]], tmp_path: Path) -> None:
    white = 255 if tags else 0
    bits = np.packbits(IMAGE > 150, axis=1) ^ white
    page = make_page(BACKWARDS[bits], t256=[80], t258=[1], t266=[2], **tags)
    write_tiff(tmp_path / "bits.tif", page, order=order)
    assert np.array_equal(read(tmp_path / "bits.tif"), np.where(IMAGE > 150, 255, 0))
    page = make_page(BACKWARDS[IMAGE ^ white], t266=[2], **tags)
    write_tiff(tmp_path / "bytes.tif", page, order=order)
    assert np.array_equal(read(tmp_path / "bytes.tif"), IMAGE)


@pytest.mark.parametrize("order", "<>")
def test_four_bits(order: str, tmp_path: Path) -> None:
    levels = IMAGE >> 4
    packed = levels[:, ::2] << 4 | levels[:, 1::2]
    tags = {"t256": [80], "t258": [4]}
    palette = [(15 - level) * 17 * 257 for level in range(16)] * 3
    for name, page in {
        "grey": make_page(packed, **tags),
        "white is zero": make_page(~packed, **tags, t262=[0]),
        "palette": make_page(~packed, **tags, t262=[3], t320=palette),
    }.items():
        write_tiff(tmp_path / "x.tif", page, order=order)
        assert np.array_equal(read(tmp_path / "x.tif"), levels * 17), name


def test_tags_that_do_not_change_what_is_seen(tmp_path: Path) -> None:
    tags = {"t282": [300], "t283": [100], "t290": [2], "t291": [0] * 256, "t301": [0] * 256}
    write_tiff(tmp_path / "x.tif", make_page(IMAGE, **tags))
    assert np.array_equal(read(tmp_path / "x.tif"), IMAGE)


@pytest.mark.parametrize("copy", [1, 3, 4, 5])
@pytest.mark.parametrize("is_first", [True, False])
def test_smaller_copy_or_transparency_mask_is_no_page(
    copy: int, is_first: bool, tmp_path: Path
) -> None:
    pages = [make_page(IMAGE[::2, ::2], t254=[copy]), make_page(IMAGE)]
    write_tiff(tmp_path / "x.tif", *(pages if is_first else pages[::-1]))
    assert np.array_equal(read(tmp_path / "x.tif"), IMAGE)


def test_page_of_several_is_a_page(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x.tif", make_page(IMAGE, t254=[2]), make_page(255 - IMAGE, t254=[2]))
    source = RasterSource(tmp_path / "x.tif", FileType.TIFF)
    assert source.frames == 2
    assert np.array_equal(source.read(1), 255 - IMAGE)


def test_copy_without_the_picture(tmp_path: Path) -> None:
    """Taken if there is nothing else, as every viewer shows it; not if the picture is hidden."""
    write_tiff(tmp_path / "x.tif", make_page(IMAGE, t254=[1]))
    assert np.array_equal(read(tmp_path / "x.tif"), IMAGE)
    write_tiff(tmp_path / "raw.tif", make_page(IMAGE, t254=[1], t330=[8]))
    with pytest.raises(ReadError, match="got smaller copies alone"):
        read(tmp_path / "raw.tif")


REFUSED: dict[str, tuple[np.ndarray, dict[str, Any], str]] = {
    "float 16": ((IMAGE / 255).astype(np.float16), GREY, "floating point"),
    "float 32": ((IMAGE / 255).astype(np.float32), GREY, "floating point"),
    "float 64": (IMAGE / 255, GREY, "floating point"),
    "signed 8": ((IMAGE // 2).astype(np.int8), GREY, "signed ones of 8 bits"),
    "below 0": (IMAGE.astype(np.int16) - 99, GREY, "values from 0 to 65535, got -"),
    "32 full": (IMAGE.astype(np.uint32) << 20, GREY, "values from 0 to 65535, got"),
    "64": (IMAGE.astype(np.uint64), GREY, "MINISBLACK of 1 x 64 bits"),
    "14": (DEEP >> 2, {**GREY, "bitspersample": 14}, "1 x 14 bits"),
    "JPEG 2000": (IMAGE, {**GREY, "compression": "jpeg2000"}, "compression JPEG2000"),
    "CFA": (IMAGE, {"photometric": "cfa"}, "CFA of 1 x 8 bits"),
    "volume": (
        np.stack([IMAGE] * 2),
        {**GREY, "volumetric": True, "tile": (2, 16, 16)},
        "a stack of images in one page",
    ),
    "ImageJ": (np.stack([IMAGE] * 2), {"imagej": True, "truncate": True}, "a stack of images"),
    "float, big-endian LZW": (
        (IMAGE / 255).astype(np.float32),
        {**GREY, "compression": "lzw", "byteorder": ">"},
        "sample format IEEEFP, compression LZW, big-endian",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_kind_that_is_refused_by_name(name: str, tmp_path: Path) -> None:
    values, options, reason = REFUSED[name]
    tifffile.imwrite(tmp_path / "x.tif", values, **options)
    with pytest.raises(ReadError, match=reason):
        read(tmp_path / "x.tif")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (make_page(IMAGE, t262=[4]), "MASK of 1 x 8 bits"),
        (make_page(IMAGE, t339=[4]), "sample format VOID"),
        (make_page(IMAGE, t339=[5]), "sample format COMPLEXINT"),
        (make_page(RGB, t262=[6]), "YCBCR .* thinned-out chroma"),
        (make_page(IMAGE, t259=[9999]), "compression 9999"),
        (make_page(RGB, t258=[5, 6, 5]), "RGB of 3 x 0 bits"),
        ({k: v for k, v in make_page(IMAGE).items() if k != 262}, "whether 0 is black"),
    ],
)
def test_tags_that_are_refused_by_name(page: dict[int, Any], reason: str, tmp_path: Path) -> None:
    write_tiff(tmp_path / "x.tif", page)
    with pytest.raises(ReadError, match=reason):
        read(tmp_path / "x.tif")


def test_list_of_pages_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    write_tiff(path, make_page(IMAGE), make_page(IMAGE))
    content = path.read_bytes()
    path.write_bytes(content[:-200])
    with pytest.raises(ReadError, match="expected a whole TIFF file, got a damaged one"):
        read(path)


def test_another_decoder_sees_the_same(tmp_path: Path) -> None:
    """Of what both can decode, JPEG within TIFF included, where decoders round."""
    for compression in ("jpeg", "lzw", "zlib", "packbits"):
        path = tmp_path / f"{compression}.tif"
        tifffile.imwrite(path, RGB, photometric="rgb", compression=compression)
        expected = np.asarray(Image.fromarray(tifffile.imread(path)).convert("L")).astype(float)
        assert np.abs(read(path) - expected).max() <= 2, compression


def test_nothing_that_is_read_needs_imagecodecs(tmp_path: Path) -> None:
    """The package is for tests: tifffile decodes what it decodes here by itself."""
    kinds = {
        "bigtiff": (IMAGE, {**GREY, "bigtiff": True, "byteorder": ">", "compression": "zlib"}),
        "packbits": (IMAGE, {**GREY, "bigtiff": True, "byteorder": ">", "compression": "packbits"}),
        "predictor": (DEEP_PLANES, {**PLANAR, **COLOUR, "compression": "zlib", "predictor": 2}),
        "float": (IMAGE.astype(np.float16), GREY),
    }
    for name, (values, options) in kinds.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", values, **options)
    write_tiff(tmp_path / "order.tif", make_page(BACKWARDS[255 - IMAGE], t262=[0], t266=[2]))
    code = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "import hashlib\n"
        "from pipeline.readers.codec.raster_codec import decode_raster_pixels\n"
        "for path in sys.argv[1:]:\n"
        "    values = decode_raster_pixels({'path': path, 'format': 'TIFF'})[1]\n"
        "    print(hashlib.sha256(values.astype('u1').tobytes()).hexdigest())\n"
    )
    paths = sorted(map(str, tmp_path.glob("*.tif")))
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True
    )
    grey, rgb = (hashlib.sha256(a.tobytes()).hexdigest() for a in (IMAGE, RGB))
    names = [Path(path).stem for path in paths]
    expected = [rgb if name == "predictor" else grey for name in names]
    assert done.stdout.split() == expected
