"""What is read from an item, and how two B-mode images of one frame become one."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.frame_part import FramePart


def make_item(columns: slice, value: float, doubt: float, mm: float = np.nan) -> dict:
    """Make an item of a frame of 4 x 6 pixels whose lesion is in some columns of row 1."""
    pred = torch.zeros(1, 4, 6)
    pred[0, 1, columns] = 1
    meta = {
        "region": np.array([0, columns.start, 4, columns.start + 3]),
        "region_parts": np.array([[0, columns.start, 4, columns.start + 3], [0] * 4]),
        "region_origin": "given",
        "mm_per_pixel": np.array([mm, 2 * mm]),
    }
    return {
        "image": MetaTensor(torch.zeros(1, 4, 6), meta=meta),
        "pred": pred,
        "probability": pred * value,
        "lesion_probability": torch.tensor(value),
        "outline_doubt": torch.tensor(doubt),
    }


def test_an_item_is_read_as_it_is() -> None:
    part = FramePart.read(make_item(slice(2, 4), 0.75, 0.25, mm=0.1))

    assert part.mask.tolist() == [
        [False] * 6,
        [False, False, True, True, False, False],
        [False] * 6,
        [False] * 6,
    ]
    assert part.probability[1].tolist() == [0, 0, 0.75, 0.75, 0, 0]
    assert part.malignancy is None
    assert (part.lesion_probability, part.outline_doubt) == (0.75, 0.25)
    assert part.regions == (CalibratedRegion((0, 2, 4, 5), (0.1, 0.2), RegionOrigin.GIVEN),)


def test_parts_of_the_own_region_count() -> None:
    item = make_item(slice(0, 2), 1, 0)
    item["image"].meta["region_parts"] = np.array([[0, 0, 3, 2], [1, 1, 4, 3], [0, 3, 4, 6]])
    (region,) = FramePart.read(item).regions
    assert region.parts == ((0, 0, 3, 2), (1, 1, 4, 3))


def test_an_unknown_spacing_stays_unknown() -> None:
    assert FramePart.read(make_item(slice(0, 1), 1, 0)).regions[0].mm_per_pixel is None


def test_joined_parts_keep_both_lesions_and_the_higher_probability() -> None:
    left, right = (
        FramePart.read(make_item(slice(0, 2), 0.5, 0.1)),
        FramePart.read(make_item(slice(3, 5), 0.9, 0.4)),
    )

    whole = FramePart.join([left, right])

    assert np.flatnonzero(whole.mask[1]).tolist() == [0, 1, 3, 4]
    assert whole.probability[1].tolist() == pytest.approx([0.5, 0.5, 0, 0.9, 0.9, 0])
    assert whole.lesion_probability == pytest.approx(0.9)
    assert whole.outline_doubt == pytest.approx(0.4)
    assert whole.regions == left.regions + right.regions


def test_an_empty_part_beside_a_lesion_does_not_make_its_outline_doubtful() -> None:
    sharp = FramePart.read(make_item(slice(0, 2), 0.9, 0.1))
    empty = FramePart.read(make_item(slice(3, 3), 0.0, 0.8))

    assert FramePart.join([sharp, empty]).outline_doubt == pytest.approx(0.1)
    assert FramePart.join([empty]).outline_doubt == pytest.approx(0.8)


def test_malignancy_is_the_higher_one_of_those_that_have_it() -> None:
    without = FramePart.read(make_item(slice(0, 2), 0.9, 0.1))
    low, high = (
        FramePart.read({**make_item(slice(3, 5), 0.9, 0.1), "malignancy": torch.full((1, 4, 6), v)})
        for v in (0.25, 0.5)
    )

    joined = FramePart.join([without, low, high]).malignancy

    assert joined is not None
    assert np.array_equal(joined, np.full((4, 6), 0.5))
