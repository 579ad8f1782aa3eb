"""Depths, compressions and pages of TIFF."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile
from dicom_kinds.member import Member
from numpy.typing import NDArray
from PIL import Image

from raster_kinds.picture import BLACK_AND_WHITE, DEEP, GREY, LOSS, RGB, member, save, tiff

_COMPRESSION, _DEPTH = "compression and layout of TIFF", "depth and colour of TIFF"
_PAGES, _CUT = "pages of TIFF", "TIFF that is cut off"


def list_tiffs() -> list[Member]:
    """List them."""
    return [*_list_compressions(), *_list_depths(), *_list_pages(), *_list_cut()]


def _list_compressions() -> Iterator[Member]:
    pictures = {"8 bits": GREY, "16 bits": DEEP, "RGB": RGB}
    for compression in ("none", "lzw", "zlib", "packbits", "lzma", "zstd"):
        for depth, values in pictures.items():
            layouts: dict[str, dict[str, Any]] = {
                "strips": {"rowsperstrip": 7},
                "tiles, big-endian": {"tile": (32, 32), "byteorder": ">"},
            }
            if compression in ("lzw", "zlib"):
                layouts["predicted"] = {"predictor": True, "rowsperstrip": 7}
            for layout, options in layouts.items():
                content = tiff(values, compression=compression, **options)
                yield member(_COMPRESSION, f"{compression}, {depth}, {layout}", content)
    fax = save(Image.fromarray(GREY > 127), "TIFF", compression="group3")
    yield member(_COMPRESSION, "fax, group 3", fax, BLACK_AND_WHITE)
    jpeg = save(RGB, "TIFF", compression="jpeg", quality=95)
    yield member(_COMPRESSION, "JPEG, YCbCr", jpeg, tolerance=LOSS)
    webp = tiff(RGB, compression="webp", compressionargs={"lossless": True})
    yield member(_COMPRESSION, "WebP", webp, refused="WEBP")
    waves = tiff(GREY, compression="jpeg2000")
    yield member(_COMPRESSION, "JPEG 2000", waves, refused="compression")


def _list_depths() -> Iterator[Member]:
    planes = np.moveaxis(RGB.astype(np.uint16) * 257, -1, 0)
    read = {
        "RGB of 16 bits": tiff(RGB.astype(np.uint16) * 257),
        "RGB of 16 bits, planes": tiff(planes, planarconfig="separate"),
        "32 bits": tiff(GREY.astype(np.uint32) * 257),
        "signed, 16 bits": tiff((GREY.astype(np.int32) * 128).astype(np.int16)),
        "CMYK": save(Image.fromarray(RGB).convert("CMYK"), "TIFF"),
        "palette": save(Image.fromarray(GREY).convert("P"), "TIFF"),
        "pixels of 1:2": tiff(GREY, resolution=(100, 200)),
    }
    small = np.arange(255, -1, -1, dtype=np.uint16)
    for bits, scale in ((8, 1), (16, 257)):
        palette = tiff(255 - GREY, photometric="palette", colormap=[small * scale] * 3)
        yield member(_DEPTH, f"palette of {bits} bits, inverted", palette)
    ybr = np.asarray(Image.fromarray(RGB).convert("YCbCr"))
    for name, black_and_white, refused in (
        ("full", (0, 255, 128, 255, 128, 255), ""),
        ("video", (16, 235, 128, 240, 128, 240), "ReferenceBlackWhite"),
    ):
        ratios = [number for value in black_and_white for number in (value, 1)]
        tags = [(532, "2I", 6, ratios, True)]
        content = tiff(ybr, photometric="ycbcr", extratags=tags)
        yield member(_DEPTH, f"YCbCr, {name} range", content, refused=refused)
    inks = tiff(np.dstack([RGB, GREY]), photometric="separated", extratags=[(332, "H", 1, 2, True)])
    yield member(_DEPTH, "other inks", inks, refused="InkSet")
    for name, content in read.items():
        halved = name == "signed, 16 bits"
        shown = GREY * (128 * 255 / 65535) if halved else GREY
        yield member(_DEPTH, name, content, shown, tolerance=3 if name == "CMYK" else 1)
    yield member(_DEPTH, "1 bit", tiff(GREY > 127), BLACK_AND_WHITE)
    for name, values in {
        "floats of 32 bits": (GREY / 255).astype(np.float32),
        "floats of 64 bits": GREY / 255,
    }.items():
        yield member(_DEPTH, name, tiff(values), refused="floating point")
    lab = tiff(np.dstack([GREY, GREY * 0, GREY * 0]), photometric="cielab")
    yield member(_DEPTH, "64 bits", tiff(GREY.astype(np.uint64)), refused="expected")
    yield member(_DEPTH, "CIELab", lab, GREY, tolerance=LOSS)


def _write_pages(*pages: tuple[NDArray[Any], dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for values, options in pages:
            writer.write(
                np.ascontiguousarray(values), photometric="minisblack", contiguous=False, **options
            )
    return buffer.getvalue()


def _list_pages() -> Iterator[Member]:
    small = GREY[::2, ::2]
    yield member(_PAGES, "two", _write_pages((GREY, {}), (255 - GREY, {})), GREY, 255 - GREY)
    sizes = _write_pages((GREY, {}), (GREY[:40], {}))
    yield member(_PAGES, "of two sizes", sizes, GREY, GREY[:40])
    turned = [(274, "H", 1, 6, True)]
    mixed = _write_pages((GREY, {}), (np.rot90(GREY), {"extratags": turned}))
    yield member(_PAGES, "of two orientations", mixed, GREY, GREY)
    reduced = {"subfiletype": 1}
    yield member(_PAGES, "a smaller copy first", _write_pages((small, reduced), (GREY, {})))
    yield member(_PAGES, "a smaller copy last", _write_pages((GREY, {}), (small, reduced)))
    old = {"extratags": [(255, "H", 1, 2, True)]}
    yield member(_PAGES, "a smaller copy, called of old", _write_pages((GREY, {}), (small, old)))
    below = _write_pages((GREY, {"subifds": 1}), (small, reduced))
    yield member(_PAGES, "a smaller copy below", below)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.stack([GREY, 255 - GREY]), imagej=True)
    yield member(_PAGES, "ImageJ", buffer.getvalue(), GREY, 255 - GREY)
    stack = np.stack([GREY, 255 - GREY])
    hidden = tiff(stack, truncate=True, metadata={}, photometric="minisblack")
    yield member(_PAGES, "behind a single page", hidden, refused="stack of images")


def _list_cut() -> Iterator[Member]:
    for name, content in (("none", tiff(GREY)), ("lzw", tiff(GREY, compression="lzw"))):
        for less in (1, 200, len(content) // 2):
            yield member(_CUT, f"{name}, {less} bytes", content[:-less], refused="expected")
