"""Components of a mask of 8 x 10; `A` has 6 pixels, `B` 2 that touch at a corner."""

import numpy as np
import pytest

from pipeline.lesions.lesion import Lesion, find_lesions

MASK = np.zeros((8, 10), bool)
MASK[1:3, 2:5] = True
MASK[5, 7] = MASK[6, 8] = True
PROBABILITY = np.zeros((8, 10), np.float32)
PROBABILITY[1, 2:5] = 0.9
PROBABILITY[2, 2:5] = 0.7
PROBABILITY[5, 7], PROBABILITY[6, 8] = 0.5, 0.7


def test_components_largest_first() -> None:
    lesions = find_lesions(MASK, PROBABILITY)
    assert [lesion.area_px for lesion in lesions] == [6, 2]


def test_box_is_first_and_last_plus_1() -> None:
    assert [lesion.box for lesion in find_lesions(MASK, PROBABILITY)] == [
        (1, 2, 3, 5),
        (5, 7, 7, 9),
    ]


def test_probability_is_the_mean_within() -> None:
    probabilities = [lesion.probability for lesion in find_lesions(MASK, PROBABILITY)]
    assert probabilities == pytest.approx([0.8, 0.6])


def test_equal_areas_come_in_the_order_of_rows() -> None:
    mask = np.zeros((8, 10), bool)
    mask[6, 0] = mask[2, 9] = mask[2, 4] = True
    boxes = [lesion.box[:2] for lesion in find_lesions(mask, PROBABILITY)]
    assert boxes == [(2, 4), (2, 9), (6, 0)]


def test_empty_mask_has_no_lesion() -> None:
    assert find_lesions(np.zeros((8, 10), bool), PROBABILITY) == []


def test_numbers_are_plain() -> None:
    (lesion, _) = find_lesions(MASK, PROBABILITY)
    assert lesion == Lesion(6, pytest.approx(0.8), (1, 2, 3, 5))
    assert {type(value) for value in (lesion.area_px, *lesion.box)} == {int}
    assert type(lesion.probability) is float


def test_shapes_that_differ() -> None:
    with pytest.raises(ValueError, match=r"expected two arrays of one shape, got \(8, 10\)"):
        find_lesions(MASK, PROBABILITY[:, :5])
