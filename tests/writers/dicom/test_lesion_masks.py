"""A mask is taken apart into the lesions that `find_lesions` has found."""

import numpy as np
import pytest
from conformance.result_cases import MASK, make_frame

from pipeline.lesions.lesion import find_lesions
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.lesion_masks import lesion_masks


def test_two_lesions():
    masks = lesion_masks(make_frame(MASK))
    assert list(masks) == [1, 2]
    assert np.array_equal(masks[1], MASK & (np.arange(25) < 12)[:, None])
    assert np.array_equal(masks[2], MASK & (np.arange(25) >= 12)[:, None])


def test_lesion_in_the_hole_of_another():
    mask = np.zeros((15, 16), bool)
    mask[1:12, 1:13] = True
    mask[3:10, 3:11] = False
    mask[5:7, 5:8] = True
    masks = lesion_masks(make_frame(mask))
    assert masks[1].sum() == 11 * 12 - 7 * 8
    assert np.argwhere(masks[2]).min(axis=0).tolist() == [5, 5]
    assert masks[2].sum() == 6


def test_component_that_reaches_into_two_regions_is_two_lesions():
    mask = np.zeros((8, 20), bool)
    mask[2:6, 5:14] = True
    regions = [
        CalibratedRegion((0, left, 8, left + 10), None, RegionOrigin.GIVEN) for left in (0, 10)
    ]
    lesions = find_lesions(mask, np.ones(mask.shape, np.float32), regions=regions)
    masks = lesion_masks(ResultFrame(1, mask, lesions))
    assert [int(np.argwhere(masks[n]).min(axis=0)[1]) for n in (1, 2)] == [5, 10]
    assert np.array_equal(masks[1] | masks[2], mask)


@pytest.mark.parametrize("seed", range(20))
def test_any_mask(seed):
    mask = np.random.default_rng(seed).random((17, 23)) < 0.35
    frame = make_frame(mask)
    masks = lesion_masks(frame)
    assert np.array_equal(np.sum(list(masks.values()), axis=0), mask)
    assert [masks[lesion.number].sum() for lesion in frame.lesions] == [
        lesion.area_px for lesion in frame.lesions
    ]


def test_no_lesion():
    assert lesion_masks(make_frame(np.zeros((4, 5), bool))) == {}


def test_mask_is_left_as_it_is():
    frame = make_frame(MASK.copy())
    lesion_masks(frame)
    assert np.array_equal(frame.mask, MASK)


def test_lesions_of_another_mask_are_refused():
    frame = make_frame(MASK)
    for mask in (np.fliplr(MASK), MASK | np.eye(25, 39, 12, dtype=bool)):
        with pytest.raises(ValueError, match="frame 1 to be those of its mask"):
            lesion_masks(ResultFrame(1, mask, frame.lesions))


def test_two_lesions_of_one_number_are_refused():
    first, second = make_frame(MASK).lesions
    twice = [first, make_frame(np.flipud(MASK)).lesions[0]]
    with pytest.raises(ValueError, match="number of its own"):
        lesion_masks(ResultFrame(1, MASK, twice))
    with pytest.raises(ValueError, match="number of its own"):
        lesion_masks(ResultFrame(1, MASK, [second]))
