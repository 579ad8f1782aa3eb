import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
from dataset_files import draw_box
from PIL import Image
from scipy.ndimage import gaussian_filter
from tiff_files import make_page, write_tiff

from pipeline.errors import ReadError
from pipeline.prepare.masks import read_foreground

BOX = draw_box(1, 2, 4, 7)


def _save(path: Path, mode: str) -> Path:
    grey = Image.fromarray(BOX.astype(np.uint8) * 255)
    if mode == "1":
        image = grey.convert("1")
    elif mode == "P":
        image = grey.convert("P")
    elif mode == "I;16":
        image = Image.fromarray(BOX.astype(np.uint16) * 65535)
    else:
        image = grey.convert(mode)
    image.save(path)
    return path


class TestReadForeground:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_mode_gives_the_same_array(self, tmp_path: Path, mode: str) -> None:
        np.testing.assert_array_equal(read_foreground(_save(tmp_path / "m.png", mode)), BOX)

    @pytest.mark.parametrize("mode", ["LA", "RGBA"])
    def test_opaque_alpha_is_no_lesion(self, tmp_path: Path, mode: str) -> None:
        Image.new(mode, (9, 6), (0, 255) if mode == "LA" else (0, 0, 0, 255)).save(
            tmp_path / "m.png"
        )
        assert not read_foreground(tmp_path / "m.png").any()

    def test_label_numbers_are_lesions(self, tmp_path: Path) -> None:
        labels = BOX.astype(np.uint8)
        labels[1, 2] = 3
        Image.fromarray(labels).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_dim_fringe_is_left_out(self, tmp_path: Path) -> None:
        grey = BOX.astype(np.uint8) * 255
        grey[0, 0] = 90
        Image.fromarray(grey).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_dark_mask_level_is_lesion(self, tmp_path: Path) -> None:
        Image.fromarray(BOX.astype(np.uint8) * 100).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_one_colour_channel_is_enough(self, tmp_path: Path) -> None:
        colour = np.zeros((*BOX.shape, 3), dtype=np.uint8)
        colour[BOX, 2] = 255
        Image.fromarray(colour).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_stored_orientation_is_applied(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # Orientation: to be turned right by 90 degrees
        Image.fromarray(BOX.astype(np.uint8) * 255).save(tmp_path / "m.png", exif=exif)
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), np.rot90(BOX, -1))

    @pytest.mark.parametrize("keep", [0, 4, 40])
    def test_damaged_file_is_a_read_error(self, tmp_path: Path, keep: int) -> None:
        path = _save(tmp_path / "m.png", "L")
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(ReadError, match="mask cannot be read"):
            read_foreground(path)


BIG = np.zeros((40, 60), np.bool_)
BIG[12:30, 15:40] = True
LESION, WHITE, BLACK = (np.uint8(255) * part for part in (BIG, BIG | True, BIG & False))
EDGE = gaussian_filter(LESION.astype(np.float32), 3)


def _palette(*colours: tuple[int, int, int], transparent: bytes | None = None) -> Image.Image:
    image = Image.frombytes("P", BIG.shape[::-1], BIG.astype(np.uint8).tobytes())
    image.putpalette([value for colour in colours for value in colour])
    if transparent is not None:
        image.info["transparency"] = transparent
    return image


def _rgba(grey: np.ndarray, alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([grey] * 3 + [alpha]))


CLEAR: dict[str, Image.Image] = {
    "white": Image.fromarray(LESION),
    "red": Image.fromarray(np.dstack([LESION, BLACK, BLACK])),
    "labels": Image.fromarray(BIG.astype(np.uint8) * 2),
    "16 bits": Image.fromarray(BIG.astype(np.uint16)),
    "red on black": _palette((0, 0, 0), (128, 0, 0)),
    "red on white": _palette((255, 255, 255), (255, 0, 0)),
    "dark blue on light grey": _palette((200, 200, 200), (0, 0, 120)),
    "alpha, white": _rgba(WHITE, LESION),
    "alpha, black": _rgba(BLACK, LESION),
    "alpha, grey": _rgba(WHITE // 2, LESION),
    "white on transparent black": _rgba(LESION, LESION),
    "half transparent white on transparent": _rgba(LESION, LESION // 2),
    "grey and alpha": Image.merge("LA", (Image.fromarray(WHITE), Image.fromarray(LESION))),
    "opaque alpha": _rgba(LESION, WHITE),
    "half transparent throughout": _rgba(LESION, WHITE // 2),
    "transparent palette": _palette((9, 9, 9), (9, 9, 9), transparent=b"\0\xff"),
}


@pytest.mark.parametrize("name", CLEAR)
def test_what_a_viewer_shows_is_the_lesion(name: str, tmp_path: Path) -> None:
    CLEAR[name].save(tmp_path / "m.png")
    assert np.array_equal(read_foreground(tmp_path / "m.png"), BIG)


def test_blurred_edge_of_alpha_is_cut_at_half(tmp_path: Path) -> None:
    edge = EDGE.astype(np.uint8)
    _rgba(WHITE, edge).save(tmp_path / "m.png")
    assert np.array_equal(read_foreground(tmp_path / "m.png"), edge > edge.max() / 2)


def test_hole_that_is_smaller_than_the_rest_stays(tmp_path: Path) -> None:
    ring = LESION.copy()
    ring[17:25, 20:35] = 0
    Image.fromarray(ring).save(tmp_path / "m.png")
    assert np.array_equal(read_foreground(tmp_path / "m.png"), ring > 0)


OTHER = np.roll(LESION, 7, axis=1)
LEVELS = np.where(BIG, np.uint8(127), np.where(np.arange(40)[:, None] < 8, np.uint8(255), BLACK))
LABELS = np.where(BIG, np.uint8(1), np.where(np.arange(40)[:, None] < 8, np.uint8(255), BLACK))
OUTLINE = LESION.copy()
OUTLINE[14:28, 17:38] = 0
RAND = np.random.default_rng(0)
CUT_OUT = np.where(BIG, RAND.integers(40, 220, BIG.shape, dtype=np.uint8), BLACK)
AMBIGUOUS: dict[str, tuple[Image.Image, str]] = {
    "label 1 beside 255": (Image.fromarray(LABELS), "areas of 1 and of 255"),
    "outline": (Image.fromarray(OUTLINE), "of an outline"),
    "picture, cut out": (Image.fromarray(CUT_OUT), "levels of a picture"),
    "inverted": (Image.fromarray(255 - LESION), "four corners are lesion"),
    "white": (Image.fromarray(WHITE), "four corners are lesion"),
    "labels from 1": (Image.fromarray(BIG.astype(np.uint8) + 1), "four corners are lesion"),
    "opaque around": (_rgba(BLACK, 255 - LESION), "four corners are lesion"),
    "three levels": (Image.fromarray(LEVELS), "a level between black and white"),
    "grey and white": (Image.fromarray(np.maximum(LESION, 127)), "a level between"),
    "two shapes": (_rgba(LESION, OTHER), "show different shapes"),
    "lesion in an opaque field": (_rgba(LESION, np.maximum(LESION, OTHER)), "different shapes"),
    "transparent throughout": (_rgba(LESION, BLACK), "transparent throughout"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_may_be_read_in_two_ways_is_refused(name: str, tmp_path: Path) -> None:
    image, reason = AMBIGUOUS[name]
    image.save(tmp_path / "m.png")
    with pytest.raises(ReadError, match=reason):
        read_foreground(tmp_path / "m.png")


def test_black_and_transparent_is_no_lesion(tmp_path: Path) -> None:
    _rgba(BLACK, BLACK).save(tmp_path / "m.png")
    assert not read_foreground(tmp_path / "m.png").any()


@pytest.mark.parametrize("quality", [10, 50, 95])
def test_edges_of_a_compressed_or_resized_mask_are_no_levels(quality: int, tmp_path: Path) -> None:
    Image.fromarray(LESION).save(tmp_path / "m.jpg", quality=quality)
    assert (read_foreground(tmp_path / "m.jpg") != BIG).mean() < 0.01
    large = Image.fromarray(LESION).resize((480, 320), Image.Resampling.BICUBIC)
    large.save(tmp_path / "m.png")
    assert read_foreground(tmp_path / "m.png").mean() == pytest.approx(BIG.mean(), abs=0.01)


def test_floats_of_a_soft_mask_are_cut_at_half(tmp_path: Path) -> None:
    for dtype in (np.float16, np.float32, np.float64):
        tifffile.imwrite(tmp_path / "m.tif", (EDGE / 255).astype(dtype), photometric="minisblack")
        assert (read_foreground(tmp_path / "m.tif") != (EDGE.max() / 2 < EDGE)).mean() < 0.002


@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
def test_values_that_are_no_level_are_refused(value: float, tmp_path: Path) -> None:
    values = np.where(BIG, value, 0).astype(np.float32)
    tifffile.imwrite(tmp_path / "m.tif", values, photometric="minisblack")
    with pytest.raises(ReadError, match="below 0, or that are no numbers"):
        read_foreground(tmp_path / "m.tif")


def test_tiff_is_turned_and_counts_from_white(tmp_path: Path) -> None:
    tag = [(274, "H", 1, 6, True)]
    for values in (255 - LESION, 65535 - LESION.astype(np.uint16) * 257):
        turned = np.ascontiguousarray(np.rot90(values))
        tifffile.imwrite(tmp_path / "m.tif", turned, photometric="miniswhite", extratags=tag)
        assert np.array_equal(read_foreground(tmp_path / "m.tif"), BIG)


def test_several_pages_are_refused_but_not_a_smaller_copy(tmp_path: Path) -> None:
    pages = np.stack([LESION, BLACK])
    tifffile.imwrite(tmp_path / "m.tif", pages, photometric="minisblack")
    with pytest.raises(ReadError, match="mask of 2 pages: expected one"):
        read_foreground(tmp_path / "m.tif")
    copy = make_page(LESION[::2, ::2], t254=[1])
    write_tiff(tmp_path / "m.tif", make_page(LESION), copy)
    assert np.array_equal(read_foreground(tmp_path / "m.tif"), BIG)
    first, second = Image.fromarray(LESION), Image.fromarray(BLACK)
    first.save(tmp_path / "m.png", save_all=True, append_images=[second])
    with pytest.raises(ReadError, match="mask of 2 pages: expected one"):
        read_foreground(tmp_path / "m.png")


def test_other_content_is_named(tmp_path: Path) -> None:
    Image.fromarray(LESION).save(tmp_path / "m.png", "GIF")
    with pytest.raises(ReadError, match="got GIF"):
        read_foreground(tmp_path / "m.png")


def _png(
    values: np.ndarray, depth: int, colour_type: int, chunks: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """Encode what Pillow does not write: every depth, colour type and chunk (ISO 15948)."""
    rows, columns = values.shape[:2]
    if depth < 8:
        samples = (values.astype(np.uint8)[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        lines = np.packbits(samples.reshape(rows, -1), axis=1)
    else:
        lines = values.astype(f">u{depth // 8}").reshape(rows, -1).view(np.uint8)
    packed = zlib.compress(b"".join(b"\0" + line.tobytes() for line in lines))
    head = struct.pack(">IIBBBBB", columns, rows, depth, colour_type, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    framed = [
        struct.pack(
            f">I4s{len(content)}sI", len(content), kind, content, zlib.crc32(kind + content)
        )
        for kind, content in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **{"photometric": "minisblack", **options})
    return buffer.getvalue()


ONE, DEEP, DEEP_WHITE = BIG.astype(np.uint8), LESION.astype(np.uint16) * 257, WHITE * np.uint16(257)
RED = np.dstack([LESION, BLACK, BLACK])
TURNED = np.ascontiguousarray(np.rot90(LESION))
FAINT = np.random.default_rng(0).integers(0, 256, BIG.shape).astype(np.uint8)
FURTHER: dict[str, tuple[bytes, str]] = {
    "1 bit": (_png(ONE, 1, 0), ""),
    "1 bit, black is transparent": (_png(ONE, 1, 0, [(b"tRNS", b"\0\0")]), ""),
    "1 bit, black on transparent white": (_png(1 - ONE, 1, 0, [(b"tRNS", b"\0\1")]), ""),
    "1 bit, black around a hole": (_png(ONE, 1, 0, [(b"tRNS", b"\0\1")]), "four corners"),
    "1 bit, inverted": (_png(1 - ONE, 1, 0), "four corners"),
    "2 bits, labels": (_png(ONE * 3, 2, 0), ""),
    "4 bits, grey": (_png(ONE * 15, 4, 0), ""),
    "16 bits, black is transparent": (_png(DEEP, 16, 0, [(b"tRNS", b"\0\0")]), ""),
    "16 bits, grey and alpha": (_png(np.dstack([DEEP_WHITE, DEEP]), 16, 4), ""),
    "16 bits, black and alpha": (_png(np.dstack([DEEP * 0, DEEP]), 16, 4), ""),
    "16 bits, RGBA": (_png(np.dstack([DEEP_WHITE] * 3 + [DEEP]), 16, 6), ""),
    "16 bits, RGBA, two shapes": (
        _png(np.dstack([DEEP] * 3 + [np.roll(DEEP, 7, 1)]), 16, 6),
        "different shapes",
    ),
    "16 bits, red": (_png(np.dstack([DEEP, DEEP * 0, DEEP * 0]), 16, 2), ""),
    "16 bits of 8": (_png(LESION.astype(np.uint16), 16, 0), ""),
    "16 bits, level 16": (_png(ONE.astype(np.uint16) * 16, 16, 0), ""),
    "one colour is transparent": (_png(RED, 8, 2, [(b"tRNS", bytes(6))]), ""),
    "palette, 1 bit": (_png(ONE, 1, 3, [(b"PLTE", bytes(3) + b"\xff" * 3)]), ""),
    "palette, 1 bit, inverted": (_png(ONE, 1, 3, [(b"PLTE", b"\xff" * 3 + bytes(3))]), "corners"),
    "palette, lesion transparent": (
        _png(ONE, 8, 3, [(b"PLTE", bytes(3) + b"\xff" * 3), (b"tRNS", b"\xff\0")]),
        "four corners",
    ),
    "gamma": (_png(LESION, 8, 0, [(b"gAMA", struct.pack(">I", 45455))]), ""),
    "red JPEG": (_saved(Image.fromarray(RED), "JPEG", quality=95, subsampling=0), ""),
    "red on white JPEG": (
        _saved(Image.fromarray(255 - RED[..., [1, 0, 0]]), "JPEG", quality=95, subsampling=0),
        "",
    ),
    "CMYK JPEG": (_saved(Image.fromarray(LESION).convert("CMYK"), "JPEG", quality=95), ""),
    "BMP, 1 bit": (_saved(Image.fromarray(BIG), "BMP"), ""),
    "BMP, palette": (_saved(_palette((0, 0, 0), (255, 0, 0)), "BMP"), ""),
    "TIFF, tiled": (_tiff(LESION, tile=(16, 16)), ""),
    "BigTIFF, big-endian": (_tiff(DEEP, bigtiff=True, byteorder=">"), ""),
    "TIFF, planes": (
        _tiff(np.moveaxis(RED, -1, 0), photometric="rgb", planarconfig="separate"),
        "",
    ),
    "TIFF, JPEG in it, turned": (
        _saved(Image.fromarray(TURNED), "TIFF", compression="jpeg", quality=95, tiffinfo={274: 6}),
        "",
    ),
    "TIFF, fax, turned": (
        _saved(Image.fromarray(TURNED > 0), "TIFF", compression="group4", tiffinfo={274: 6}),
        "",
    ),
    "TIFF, alpha": (
        _tiff(np.dstack([WHITE] * 3 + [LESION]), photometric="rgb", extrasamples=["unassalpha"]),
        "",
    ),
    "TIFF, labels of 32 bits": (_tiff(BIG.astype(np.uint32) * 2), ""),
    "TIFF, signed": (_tiff(BIG.astype(np.int16) * 255), ""),
    "TIFF, below 0": (_tiff(-BIG.astype(np.int16)), "below 0"),
    "the picture itself": (_saved(Image.fromarray(FAINT), "PNG"), "levels of a picture"),
    "the picture with a red lesion": (
        _saved(Image.fromarray(np.where(BIG[..., None], RED, FAINT[..., None])), "PNG"),
        "levels of a picture",
    ),
}
"""Content, and why it is refused; empty if it is read."""


@pytest.mark.parametrize("name", FURTHER)
def test_further_kinds_are_read_as_a_viewer_shows_them(name: str, tmp_path: Path) -> None:
    content, reason = FURTHER[name]
    (tmp_path / "m").write_bytes(content)
    if reason:
        with pytest.raises(ReadError, match=reason):
            read_foreground(tmp_path / "m")
    else:
        assert (read_foreground(tmp_path / "m") != BIG).mean() <= 0.002
