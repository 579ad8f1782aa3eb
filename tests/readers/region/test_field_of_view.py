"""The field of view in pictures of phantoms, whose box is known.

Boxes are first row, first column, last row + 1, last column + 1.
"""

import io
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pipeline.phantom.phantom import Phantom, make_phantom
from pipeline.readers.region.field_edges import fills_columns, fills_rows, reaches_beyond
from pipeline.readers.region.field_of_view import find_field_of_view

Picture = NDArray[np.uint8]

BOX = [40, 60, 240, 310]
"""Where `on_console` puts an echo of 200 x 250 px into a picture of 300 x 400 px."""


def find(picture: NDArray[np.generic]) -> list[int] | None:
    box = find_field_of_view(picture.astype(np.float32))
    return None if box is None else box.tolist()


@cache
def draw_echo(seed: int, shape: tuple[int, int]) -> Picture:
    return make_phantom(seed, shape=shape, pathology="benign").image


def echo(seed: int = 0, shape: tuple[int, int] = (200, 250)) -> Picture:
    return draw_echo(seed, shape).copy()


def on_console(image: Picture, ground: int = 0) -> Picture:
    picture = np.full((300, 400), ground, np.uint8)
    picture[40:240, 60:310] = image
    return picture


def phantom_box(phantom: Phantom) -> list[int]:
    x0, y0, x1, y1 = phantom.box
    return [y0, x0, y1 + 1, x1 + 1]


def make_sector() -> tuple[Picture, NDArray[np.bool_]]:
    """Bend an echo as a curved probe does, and tell where it is."""
    image = echo(shape=(200, 300))
    down, across = np.mgrid[:300, :400]
    radius = np.hypot(down + 60, across - 200) - 80
    angle = np.arctan2(across - 200, down + 60)
    is_field = (radius >= 0) & (radius < 200) & (np.abs(angle) < 0.6)
    picture = np.zeros((300, 400), np.uint8)
    columns = ((angle[is_field] + 0.6) / 1.2 * 299).astype(int)
    picture[is_field] = image[radius[is_field].astype(int), columns]
    return picture, is_field


@pytest.mark.parametrize("seed", range(5))
def test_phantom_with_text_ticks_and_calipers(seed: int) -> None:
    phantom = make_phantom(
        seed, shape=(400, 500), border=True, text=True, ticks=True, calipers=True
    )
    assert find(phantom.image) == phantom_box(phantom)


@pytest.mark.parametrize("seed", range(6))
def test_no_lesion_is_lost_in_small_pictures(seed: int) -> None:
    phantom = make_phantom(seed, shape=(300, 240), border=True, text=True, ticks=True)
    top, left, bottom, right = find(phantom.image) or [0, 0, 300, 240]
    outside = phantom.label.copy()
    outside[top:bottom, left:right] = False
    assert not outside.any()


@pytest.mark.parametrize("ground", [0, 30, 255])
def test_any_flat_ground(ground: int) -> None:
    assert find(on_console(echo(), ground)) == BOX


def test_inverted_picture() -> None:
    assert find(255 - on_console(echo())) == BOX


@pytest.mark.parametrize("gain", [0.3, 0.1, 0.05])
def test_low_gain(gain: float) -> None:
    assert find((on_console(echo()) * gain).astype(np.uint8)) == BOX


def test_picture_without_console_is_whole() -> None:
    assert find(echo()) is None


def test_dark_lesion_at_the_border_belongs_to_the_field() -> None:
    image = echo()
    image[60:140, :70] = 0
    assert find(on_console(image)) == BOX


def test_field_that_fades_out_reaches_down_to_the_border() -> None:
    fading = echo() * np.exp(-np.linspace(0, 9, 200))[:, None]
    assert find(on_console(fading.astype(np.uint8))) == [40, 60, 300, 310]


def test_near_field_lines_over_a_side_without_contact_belong_to_the_field() -> None:
    image = echo()
    image[24:, 170:] = 0
    top, left, bottom, right = find(on_console(image)) or [0, 0, 0, 0]
    assert [top, left, bottom] == BOX[:3]
    assert BOX[3] <= right <= BOX[3] + 12


def test_text_next_to_the_field_is_cut_off() -> None:
    image = Image.fromarray(on_console(echo()))
    draw = ImageDraw.Draw(image)
    for row in range(60, 100, 9):
        draw.text((30, row), "GnMI6", fill=220)
    picture = np.array(image)
    picture[:, 57:60] = 0
    assert find(picture) == BOX


def test_text_scale_and_thumbnail_are_cut_off() -> None:
    image = Image.fromarray(on_console(echo()))
    draw = ImageDraw.Draw(image)
    for row in range(45, 240, 20):
        draw.text((3, row), "Gn 60", fill=220)
        draw.line((322, row, 326, row), fill=220)
    draw.text((60, 4), "BREAST R  L14-5  MI 1.1", fill=220)
    picture = np.array(image)
    picture[60:140, 340:350] = np.linspace(255, 0, 80)[:, None]
    picture[255:295, 345:395] = echo(1, (40, 50))
    assert find(picture) == BOX


@pytest.mark.parametrize("gap", [0, 10, 40])
def test_images_side_by_side_are_one_box(gap: int) -> None:
    picture = np.zeros((300, 500), np.uint8)
    picture[40:240, 30:230] = echo(0, (200, 200))
    picture[40:240, 230 + gap : 410 + gap] = echo(1, (200, 180)) * 0.15
    assert find(picture) == [40, 30, 240, 410 + gap]


def test_half_dark_image_at_the_side_is_no_console() -> None:
    picture = np.zeros((300, 500), np.uint8)
    picture[40:240, 30:230] = echo(0, (200, 200))
    picture[180:240, 240:440] = echo(1, (200, 200))[140:]
    top, left, bottom, right = find(picture) or [0, 0, 300, 500]
    assert (left, bottom) == (30, 240)
    assert 30 <= top <= 40
    assert 440 <= right <= 452


def test_brightness_without_texture_belongs_to_the_field() -> None:
    image = echo()
    image[:, 100:] = 200
    assert find(on_console(image)) == BOX


def test_icon_is_no_screenshot() -> None:
    icon = np.zeros((60, 80), np.uint8)
    icon[10:50, 10:70] = echo(0, (40, 60))
    assert find(icon) is None


def test_sector_is_kept_with_a_margin() -> None:
    picture, is_field = make_sector()
    top, left, bottom, right = find(picture) or [0, 0, 0, 0]
    rows, columns = np.nonzero(is_field)
    margins = rows.min() - top, columns.min() - left, right - 1 - columns.max()
    assert bottom == 300
    assert min(margins) >= 0
    assert max(margins) <= 12


def test_compressed_picture_is_not_cut_too_short() -> None:
    buffer = io.BytesIO()
    Image.fromarray(on_console(echo())).save(buffer, "JPEG", quality=80)
    box = find(np.asarray(Image.open(buffer))) or [0, 0, 300, 400]
    assert np.array(BOX[:2]) - box[:2] == pytest.approx([4, 4], abs=4)
    assert np.array(box[2:]) - BOX[2:] == pytest.approx([4, 4], abs=4)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((300, 400)),
        np.full((300, 400), 90),
        np.tile(np.linspace(0, 255, 400), (300, 1)),
        np.random.default_rng(0).integers(0, 256, (300, 400)),
        np.random.default_rng(0).integers(0, 256, (20, 20)),
        np.random.default_rng(0).integers(0, 256, (64, 2000)),
        np.random.default_rng(0).integers(0, 256, (2000, 64)),
    ],
    ids=["black", "grey", "gradient", "noise", "tiny", "wide", "high"],
)
def test_picture_without_a_field_is_whole(picture: NDArray[np.generic]) -> None:
    assert find(picture) is None


def test_small_patch_of_echo_is_no_field() -> None:
    picture = np.zeros((300, 400), np.uint8)
    picture[40:120, 60:160] = echo(0, (80, 100))
    assert find(picture) is None


def test_picture_is_not_changed() -> None:
    picture = on_console(echo()).astype(np.float32)
    before = picture.copy()
    find_field_of_view(picture)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("shift", [-3, 0, 3])
def test_echo_fills_its_rows_within_3_px(shift: int) -> None:
    picture = on_console(echo()).astype(np.float32)
    assert fills_rows(picture, (40 + shift, 60, 240 + shift, 500))


@pytest.mark.parametrize("rows", [(30, 240), (40, 230), (40, 250), (50, 240), (20, 120)])
def test_echo_does_not_fill_other_rows(rows: tuple[int, int]) -> None:
    picture = on_console(echo()).astype(np.float32)
    assert not fills_rows(picture, (rows[0], 60, rows[1], 310))


def test_columns_are_reported_from_rows() -> None:
    picture = on_console(echo()).astype(np.float32)
    assert fills_columns(picture, (40, 60, 500, 310))
    assert not fills_columns(picture, (60, 40, 310, 240))


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((40, 60, 240, 310), False),
        ((30, 50, 250, 320), False),
        ((40, 60, 200, 310), False),  # another image may lie below
        ((34, 50, 200, 260), True),  # written before the picture was enlarged
        ((70, 100, 260, 340), True),  # written before it was reduced
    ],
)
def test_echo_beyond_a_box(box: tuple[int, int, int, int], expected: bool) -> None:
    assert reaches_beyond(on_console(echo()).astype(np.float32), box) is expected
