"""What is coloured takes the grey of the tissue around it; all else stays as it is."""

import numpy as np
import pytest
import torch
from coloured_images import draw_colours, make_grey, with_margin
from monai.data import MetaTensor
from numpy.typing import NDArray

from pipeline.readers.image_source import rgb_to_grey
from pipeline.transforms import FillColouredd

GREY = make_grey()
RGB, DRAWN = draw_colours(GREY)
COLOURED = with_margin(DRAWN)
LUMA = rgb_to_grey(RGB)


def fill(
    grey: NDArray[np.generic],
    coloured: NDArray[np.bool_],
    region: tuple[int, int, int, int] | None = None,
) -> MetaTensor:
    box = region or (0, 0, *grey.shape)
    meta = {"region": np.array(box), "coloured": coloured}
    image = MetaTensor(torch.as_tensor(grey[None].copy()), meta=meta)
    return FillColouredd("image")({"image": image})["image"]


def fill_slowly(grey: NDArray[np.float64], coloured: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Fill pixel by pixel, each layer from the ones before."""
    filled, unknown = grey.copy(), coloured.copy()
    while unknown.any():
        layer = {}
        for row, column in zip(*np.nonzero(unknown), strict=True):
            window = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            known = filled[window][~unknown[window]]
            if known.size:
                layer[row, column] = known.mean()
        for place, value in layer.items():
            filled[place], unknown[place] = value, False
    return filled


def test_is_filled_from_the_border_inwards() -> None:
    filled = fill(LUMA.astype(np.float32), COLOURED)
    expected = fill_slowly(LUMA.astype(np.float64), COLOURED)
    assert np.allclose(filled[0], expected, atol=1e-3)
    assert np.array_equal(np.asarray(filled[0])[~COLOURED], LUMA[~COLOURED])
    # Nearer to what was drawn over than the luma of the colours.
    errors = [np.abs(each[DRAWN] - GREY[DRAWN].astype(float)).mean() for each in (expected, LUMA)]
    assert errors[0] < 0.4 * errors[1]


def test_share_is_kept() -> None:
    assert fill(LUMA.astype(np.float32), COLOURED).meta["coloured_share"] == pytest.approx(
        COLOURED.mean()
    )


def test_whole_levels_stay_whole() -> None:
    filled = fill(LUMA, COLOURED)
    assert filled.dtype == torch.uint8
    expected = np.rint(fill_slowly(LUMA.astype(np.float64), COLOURED))
    assert np.abs(np.asarray(filled[0], np.float64) - expected).max() <= 1


def test_only_the_region_is_filled_from_within() -> None:
    region = (5, 20, 70, 120)
    filled = np.asarray(fill(LUMA.astype(np.float32), COLOURED, region)[0])
    inside = np.s_[5:70, 20:120]
    expected = LUMA.astype(np.float64)
    expected[inside] = fill_slowly(expected[inside], COLOURED[inside])
    assert np.allclose(filled, expected, atol=1e-3)


def test_grey_image_shares_its_pixels() -> None:
    image = MetaTensor(
        torch.as_tensor(LUMA[None]),
        meta={"region": np.array((0, 0, *LUMA.shape)), "coloured": np.zeros((0, 0), np.bool_)},
    )
    filled = FillColouredd("image")({"image": image})["image"]
    assert filled.data_ptr() == image.data_ptr()
    assert filled.meta["coloured_share"] == 0


def test_too_much_colour_is_left() -> None:
    coloured = np.zeros(LUMA.shape, np.bool_)
    coloured[:, : LUMA.shape[1] // 2] = True
    filled = fill(LUMA, coloured)
    assert np.array_equal(filled[0], LUMA)
    assert filled.meta["coloured_share"] == 0.5


def test_source_is_not_changed() -> None:
    image = MetaTensor(
        torch.as_tensor(LUMA[None].copy()),
        meta={"region": np.array((0, 0, *LUMA.shape)), "coloured": COLOURED},
    )
    FillColouredd("image")({"image": image})
    assert np.array_equal(image[0], LUMA)
    assert np.array_equal(image.meta["coloured"], COLOURED)
