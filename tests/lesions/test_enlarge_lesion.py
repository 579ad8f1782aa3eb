"""A lesion of squares has the measures of the same lesion in pixels."""

import numpy as np
import pytest

from pipeline.lesions.enlarge_lesion import enlarge_lesion, enlarge_map
from pipeline.lesions.lesion import find_lesions
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.region.shrink_region import shrink_region

MASK = np.zeros((24, 30), bool)
MASK[4:13, 6:20] = True
MASK[13:16, 9:12] = True
REGION = CalibratedRegion((8, 4, 94, 118), (0.1, 0.25), RegionOrigin.GIVEN, ((8, 4, 94, 118),))


def test_measures_are_those_of_the_enlarged_mask() -> None:
    large = enlarge_map(MASK, 4, (97, 123))
    assert large.shape == (97, 123)
    assert np.array_equal(large[:96, :120], np.kron(MASK, np.ones((4, 4), bool)))
    assert not large[96:].any()
    assert not large[:, 120:].any()
    shrunk = shrink_region(REGION, 4)
    assert (shrunk.box, shrunk.mm_per_pixel) == ((2, 1, 23, 29), (0.4, 1.0))
    assert shrunk.parts == (shrunk.box,)
    (small,) = find_lesions(MASK, MASK.astype(np.float32), regions=[shrunk])
    (expected,) = find_lesions(large, large.astype(np.float32), regions=[REGION])
    found = enlarge_lesion(small, 4)
    for name in ("area_px", "depth_px", "width_px", "top_distance_px", "box", "mm_per_pixel"):
        assert getattr(found, name) == getattr(expected, name), name
    for name in ("area_mm2", "depth_mm", "width_mm", "top_distance_mm", "centroid"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name)), name
    assert found.depth_width_ratio == pytest.approx(expected.depth_width_ratio)
    assert np.array_equal(found.mask, expected.mask)
    for axis in ("long_axis", "short_axis"):  # a line of squares is as broad as a square
        one, other = getattr(found, axis), getattr(expected, axis)
        assert one.length_px == pytest.approx(other.length_px, abs=4)
        assert one.length_mm == pytest.approx(other.length_mm, abs=1)
        assert np.allclose([one.start, one.end], [other.start, other.end], atol=4)
    (contour,), (other,) = found.contours, expected.contours
    assert np.allclose(contour.min(0), other.min(0))
    assert np.allclose(contour.max(0), other.max(0))


def test_other_lesions_are_left_alone() -> None:
    (lesion,) = find_lesions(MASK, MASK.astype(np.float32))
    assert enlarge_lesion(lesion, 1) is lesion
    assert enlarge_map(MASK, 1, MASK.shape) is MASK
