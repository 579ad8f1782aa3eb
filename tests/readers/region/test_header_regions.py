"""Two regions of 100 x 100 pixels beside each other."""

import pytest

from pipeline.phantom.phantom_dicom import make_region
from pipeline.readers.region.header_regions import read_header_regions


@pytest.mark.parametrize(("shared", "expected"), [(5, 2), (15, 1)])
def test_regions_that_share_a_tenth_are_one(shared: int, expected: int) -> None:
    boxes = (0, 0, 99, 99), (100 - shared, 0, 199 - shared, 99)
    items = [make_region(box, (0.1, 0.1)) for box in boxes]
    assert len(read_header_regions(items, 100, 200)) == expected


def test_corners_are_inclusive_and_down_comes_first() -> None:
    (region,) = read_header_regions([make_region((10, 20, 109, 79), (0.1, 0.2))], 100, 200)
    assert region.box == (20, 10, 80, 110)
    assert region.mm == pytest.approx((0.1, 0.2))
