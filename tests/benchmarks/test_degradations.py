"""That degraded pictures keep their masks, and are degraded as stated."""

import degradations
import numpy as np
import pytest
from degradations import DEGRADATIONS, Grey, Mask

MOVING = ("200 px, poor JPEG", "zoomed in", "narrow field", "scanned deeper", "curved probe")
MOVING = (*MOVING, "console around it")


def make_pair() -> tuple[Grey, Mask]:
    """An L of 200 in tissue of 90, left of the middle and near the top."""
    mask = np.zeros((240, 320), dtype=bool)
    mask[50:130, 60:90] = True
    mask[100:130, 60:150] = True
    return np.where(mask, 200, 90).astype(np.uint8), mask


def make_rng() -> np.random.Generator:
    return np.random.default_rng(3)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_pictures_and_masks_stay_of_one_size_and_the_input_as_it_was(name: str) -> None:
    image, mask = make_pair()
    before = image.copy(), mask.copy()

    degraded, moved = DEGRADATIONS[name](image, mask, make_rng())

    assert degraded.shape[:2] == moved.shape
    assert (degraded.dtype, moved.dtype) == (np.uint8, bool)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(mask, before[1])
    again = DEGRADATIONS[name](image, mask, make_rng())
    np.testing.assert_array_equal(degraded, again[0])
    np.testing.assert_array_equal(moved, again[1])


@pytest.mark.parametrize("name", MOVING)
def test_the_mask_moves_with_the_tissue(name: str) -> None:
    image, mask = make_pair()

    degraded, moved = DEGRADATIONS[name](image, mask, make_rng())

    # Ticks and text of the console are as bright, but small and outside the tissue.
    window = np.s_[40:280, 80:400] if name == "console around it" else np.s_[:]
    seen, told = degraded[window] > 145, moved[window]
    assert (seen & told).sum() / (seen | told).sum() > 0.95
    assert told.sum() > 0.2 * mask.sum()


@pytest.mark.parametrize("name", sorted(set(DEGRADATIONS) - set(MOVING)))
def test_what_does_not_move_tissue_leaves_the_mask(name: str) -> None:
    image, mask = make_pair()

    _, moved = DEGRADATIONS[name](image, mask, make_rng())

    np.testing.assert_array_equal(moved, mask)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("more gain", 165),
        ("less gain", 48),
        ("wide dynamic range", 160),  # 255 sqrt(100 / 255)
        ("narrow dynamic range", 39),  # 100² / 255
    ],
)
def test_grey_levels_follow_the_curve(name: str, expected: int) -> None:
    image = np.full((8, 8), 100, dtype=np.uint8)

    degraded, _ = DEGRADATIONS[name](image, image > 127, make_rng())

    assert (degraded == expected).all()


def test_gain_over_depth_has_the_direction_told() -> None:
    image = np.full((11, 4), 100, dtype=np.uint8)

    falling, _ = degradations.darken_depth(image, image > 127, make_rng())
    rising, _ = degradations.darken_near_field(image, image > 127, make_rng())

    assert (falling[0, 0], falling[5, 0], falling[10, 0]) == (140, 90, 40)
    np.testing.assert_array_equal(rising, falling[::-1])


def test_cuts_hold_the_lesion_in_their_middle() -> None:
    image, mask = make_pair()

    _, zoomed = degradations.zoom_in(image, mask, make_rng())
    _, narrow = degradations.narrow_field(image, mask, make_rng())

    assert zoomed.shape == (161, 214)
    assert narrow.shape == (240, 192)
    assert zoomed.sum() == narrow.sum() == mask.sum()
    columns = np.flatnonzero(narrow.any(axis=0))
    assert (columns[0], columns[-1]) == (51, 140)  # 9 to 201 of the columns before


def test_calipers_end_at_the_lesion_and_are_drawn_without_one_too() -> None:
    image, mask = make_pair()

    marked, _ = degradations.draw_calipers(image, mask, make_rng())
    other, _ = degradations.draw_calipers(image, np.zeros_like(mask), make_rng())

    changed = np.argwhere(marked == degradations.MARK)
    # Arms of four pixels reach beyond rows 50 to 129 and columns 60 to 149.
    assert changed.min(axis=0).tolist() == [46, 56]
    assert changed.max(axis=0).tolist() == [133, 153]
    assert (other == degradations.MARK).any()


@pytest.mark.parametrize("name", ["blood flow in colour", "calipers in yellow"])
def test_colour_covers_little_and_leaves_the_rest(name: str) -> None:
    image, mask = make_pair()

    degraded, _ = DEGRADATIONS[name](image, mask, make_rng())

    is_grey = (degraded == degraded[..., :1]).all(axis=2)
    np.testing.assert_array_equal(degraded[is_grey][:, 0], image[is_grey])
    assert 0.001 < 1 - is_grey.mean() < 0.1
    rows, columns = np.nonzero(~is_grey)
    assert abs(rows.mean() - 90) < 12
    assert abs(columns.mean() - 105) < 12
