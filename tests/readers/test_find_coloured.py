"""What is drawn in colour is found, and a tint is not."""

import io

import numpy as np
import pytest
from coloured_images import draw_colours, make_grey, with_margin
from numpy.typing import NDArray
from PIL import Image

from pipeline.readers.find_coloured import find_coloured

GREY = make_grey()
RGB, DRAWN = draw_colours(GREY)


def to_ybr(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(rgb).convert("YCbCr"))


def tint(grey: NDArray[np.uint8], red: float, blue: float) -> NDArray[np.uint8]:
    """Tint grey as scanners do: luma stays, red and blue are shares of it."""
    luma = grey.astype(float)
    green = (luma - 0.299 * red * luma - 0.114 * blue * luma) / 0.587
    return np.clip(np.stack((red * luma, green, blue * luma), axis=-1), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("is_ybr", [False, True])
def test_grey_is_not_coloured(is_ybr: bool) -> None:
    rgb = np.repeat(GREY[..., None], 3, axis=2)
    assert find_coloured(to_ybr(rgb) if is_ybr else rgb, is_ybr=is_ybr) is None


@pytest.mark.parametrize("is_ybr", [False, True])
def test_colours_are_found_with_a_margin(is_ybr: bool) -> None:
    found = find_coloured(to_ybr(RGB) if is_ybr else RGB, is_ybr=is_ybr)
    assert np.array_equal(found, with_margin(DRAWN))


@pytest.mark.parametrize(("red", "blue"), [(0.9, 1.3), (1.25, 0.6), (1.4, 0.3)])
def test_a_tint_is_not_colour(red: float, blue: float) -> None:
    tinted = tint(GREY, red, blue)
    assert find_coloured(tinted) is None
    tinted[DRAWN] = RGB[DRAWN]
    found = find_coloured(tinted)
    assert found is not None
    assert not (found & ~with_margin(DRAWN)).any()
    assert (found & DRAWN).sum() > 0.8 * DRAWN.sum()


@pytest.mark.parametrize("quality", [40, 90])
def test_what_jpeg_makes_of_grey_is_not_colour(quality: int) -> None:
    buffer = io.BytesIO()
    Image.fromarray(tint(GREY, 0.97, 1.1)).save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as image:
        assert find_coloured(np.asarray(image)) is None


def test_all_lines_of_a_high_picture_are_looked_at() -> None:
    rgb = np.repeat(make_grey(700, 20)[..., None], 3, axis=2)
    drawn = np.zeros((700, 20), np.bool_)
    for row in (0, 255, 256, 699):
        rgb[row, 10], drawn[row, 10] = (255, 0, 0), True
    assert np.array_equal(find_coloured(rgb), with_margin(drawn))


def test_black_has_no_tint() -> None:
    rgb = np.zeros((20, 20, 3), np.uint8)
    rgb[5, 5] = (0, 0, 255)
    drawn = np.zeros((20, 20), np.bool_)
    drawn[5, 5] = True
    assert np.array_equal(find_coloured(rgb), with_margin(drawn))


@pytest.mark.parametrize(
    ("sample", "value", "is_coloured"),
    [
        (1, 128 + 23, True),  # 1.772 * 23 = 40.8
        (1, 128 + 22, False),
        (1, 128 - 23, True),
        (2, 128 + 29, True),  # 1.402 * 29 = 40.7
        (2, 128 + 28, False),
        (2, 128 - 29, True),
    ],
)
def test_either_plane_of_colour_counts(sample: int, value: int, is_coloured: bool) -> None:
    ybr = np.full((12, 12, 3), 128, np.uint8)
    ybr[6, 6, sample] = value
    assert (find_coloured(ybr, is_ybr=True) is not None) == is_coloured


@pytest.mark.parametrize("is_ybr", [False, True])
def test_faint_colour_alone_is_none(is_ybr: bool) -> None:
    """Not even where it is the opposite of the tint: nobody draws in hardly a colour."""
    rgb = tint(np.full((40, 40), 160, np.uint8), 0.8, 1.1)
    rgb[20, 20] = (178, 150, 140)
    assert find_coloured(to_ybr(rgb) if is_ybr else rgb, is_ybr=is_ybr) is None
    rgb[20, 20] = (255, 100, 100)
    assert find_coloured(to_ybr(rgb) if is_ybr else rgb, is_ybr=is_ybr) is not None


@pytest.mark.parametrize("is_ybr", [False, True])
def test_tissue_within_a_console_in_colour_is_grey(is_ybr: bool) -> None:
    """More of the picture is blue than tissue, so that blue is measured as its tint."""
    rgb = np.full((240, 360, 3), (25, 45, 110), np.uint8)
    rgb[60:180, 90:270], drawn = draw_colours(GREY)
    found = find_coloured(to_ybr(rgb) if is_ybr else rgb, is_ybr=is_ybr)
    assert found is not None
    assert not (found[62:178, 92:268] & ~with_margin(drawn)[2:-2, 2:-2]).any()
    assert found[60 + 50, 90 + 60]  # a fast flow
