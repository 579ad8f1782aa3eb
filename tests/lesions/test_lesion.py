"""Components of a mask of 8 x 10; `A` has 6 pixels, `B` 2 that touch at a corner."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from lesion_shapes import U_SHAPE, draw_blob, draw_ellipse, draw_rectangle

from pipeline.lesions import PlattScale
from pipeline.lesions.lesion import Lesion, find_lesions
from pipeline.lesions.orientation import Orientation
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

MASK = np.zeros((8, 10), bool)
MASK[1:3, 2:5] = True
MASK[5, 7] = MASK[6, 8] = True
PROBABILITY = np.zeros((8, 10), np.float32)
PROBABILITY[1, 2:5] = 0.9
PROBABILITY[2, 2:5] = 0.7
PROBABILITY[5, 7], PROBABILITY[6, 8] = 0.5, 0.7


def region(
    box: tuple[int, int, int, int], mm_per_pixel: tuple[float, float] | None = (0.2, 0.1)
) -> CalibratedRegion:
    return CalibratedRegion(box, mm_per_pixel, RegionOrigin.GIVEN)


def measure(mask: np.ndarray, *regions: CalibratedRegion) -> list[Lesion]:
    return find_lesions(mask, np.ones(mask.shape, np.float32), regions=regions)


def measure_calibrated(mask: np.ndarray, mm_per_pixel: tuple[float, float]) -> Lesion:
    (lesion,) = measure(mask, region((0, 0, *mask.shape), mm_per_pixel))
    return lesion


ARRAYS = {"contours", "mask"}


class TestComponents:
    def test_largest_first(self) -> None:
        lesions = find_lesions(MASK, PROBABILITY)
        assert [(lesion.number, lesion.area_px) for lesion in lesions] == [(1, 6), (2, 2)]

    def test_box_is_first_and_last_plus_1(self) -> None:
        assert [lesion.box for lesion in find_lesions(MASK, PROBABILITY)] == [
            (1, 2, 3, 5),
            (5, 7, 7, 9),
        ]

    def test_probability_is_the_mean_within(self) -> None:
        lesions = find_lesions(MASK, PROBABILITY)
        assert [lesion.probability for lesion in lesions] == pytest.approx([0.8, 0.6])

    def test_peak_probability_is_the_highest_within(self) -> None:
        probability = PROBABILITY.copy()
        probability[5, 8] = 1  # in the box of `B`, but not in it
        lesions = find_lesions(MASK, probability)
        assert [lesion.peak_probability for lesion in lesions] == pytest.approx([0.9, 0.7])

    def test_malignancy_is_the_scaled_mean_within(self) -> None:
        malignancy = np.full(MASK.shape, 0.75, np.float32)
        malignancy[5:] = 0.5
        scale = PlattScale(slope=2.0)
        lesions = find_lesions(MASK, PROBABILITY, malignancy=malignancy, malignancy_scale=scale)
        assert [lesion.malignancy for lesion in lesions] == pytest.approx([0.9, 0.5])

    def test_without_a_second_channel_there_is_no_malignancy(self) -> None:
        assert {lesion.malignancy for lesion in find_lesions(MASK, PROBABILITY)} == {None}

    def test_equal_areas_come_in_the_order_of_rows(self) -> None:
        mask = np.zeros((8, 10), bool)
        mask[6, 0] = mask[2, 9] = mask[2, 4] = True
        boxes = [lesion.box[:2] for lesion in find_lesions(mask, PROBABILITY)]
        assert boxes == [(2, 4), (2, 9), (6, 0)]

    def test_empty_mask_has_no_lesion(self) -> None:
        assert find_lesions(np.zeros((8, 10), bool), PROBABILITY) == []

    def test_numbers_are_plain(self) -> None:
        lesion = measure_calibrated(MASK[:4], (0.2, 0.1))
        values = {name: value for name, value in asdict(lesion).items() if name not in ARRAYS}
        assert json.loads(json.dumps(values))["box"] == [1, 2, 3, 5]
        assert type(lesion.probability) is float
        assert type(lesion.centroid[0]) is float

    def test_each_knows_its_pixels(self) -> None:
        drawn = np.zeros_like(MASK)
        for lesion in find_lesions(MASK, PROBABILITY):
            top, left, bottom, right = lesion.box
            drawn[top:bottom, left:right] |= lesion.mask
        assert np.array_equal(drawn, MASK)

    def test_lesions_can_be_compared(self) -> None:
        assert find_lesions(MASK, PROBABILITY) == find_lesions(MASK, PROBABILITY)
        assert len(set(find_lesions(MASK, PROBABILITY))) == 2

    def test_arguments_are_left_alone(self) -> None:
        mask, probability = MASK.copy(), PROBABILITY.copy()
        find_lesions(mask, probability, regions=[region((0, 0, 8, 5)), region((0, 5, 8, 10))])
        assert np.array_equal(mask, MASK)
        assert np.array_equal(probability, PROBABILITY)

    def test_shapes_that_differ(self) -> None:
        with pytest.raises(ValueError, match=r"expected two arrays of one shape, got \(8, 10\)"):
            find_lesions(MASK, PROBABILITY[:, :5])


class TestMeasures:
    def test_rectangle_in_px(self) -> None:
        (lesion,) = measure(draw_rectangle(6, 10, top=3, left=5))
        assert (lesion.area_px, lesion.depth_px, lesion.width_px) == (60, 6, 10)
        assert lesion.centroid == (5.5, 9.5)
        assert lesion.depth_width_ratio == 0.6
        assert lesion.solidity == 1

    def test_rectangle_in_mm(self) -> None:
        lesion = measure_calibrated(draw_rectangle(6, 10), (0.2, 0.1))
        assert lesion.area_mm2 == pytest.approx(1.2)
        assert (lesion.depth_mm, lesion.width_mm) == pytest.approx((1.2, 1.0))
        assert lesion.depth_width_ratio == pytest.approx(1.2)
        assert lesion.mm_per_pixel == (0.2, 0.1)

    def test_ellipse_in_mm(self) -> None:
        lesion = measure_calibrated(
            draw_ellipse((5, 3), mm_per_pixel=(0.1, 0.2), shift=(0.2, 0.1)), (0.1, 0.2)
        )
        assert lesion.area_mm2 == pytest.approx(np.pi * 15, rel=0.01)
        assert lesion.width_mm == pytest.approx(10, abs=0.2)
        assert lesion.depth_mm == pytest.approx(6, abs=0.1)
        assert lesion.long_axis.length_mm == pytest.approx(10, abs=0.2)
        assert lesion.short_axis.length_mm == pytest.approx(6, abs=0.2)

    def test_one_pixel(self) -> None:
        mask = np.zeros((5, 6), bool)
        mask[2, 3] = True
        (lesion,) = measure(mask)
        assert (lesion.long_axis.length_px, lesion.short_axis.length_px) == (1, 1)
        assert (lesion.solidity, lesion.depth_width_ratio, lesion.irregularity) == (1, 1, 0)
        assert lesion.centroid == (2, 3)

    def test_hollow_shape(self) -> None:
        (lesion,) = measure(U_SHAPE)
        assert lesion.solidity == pytest.approx(10 / 18)

    def test_hole_is_no_lesion(self) -> None:
        mask = draw_rectangle(5, 5, top=0, left=0)
        mask[2, 2] = False
        (lesion,) = measure(mask)
        assert (lesion.area_px, lesion.solidity, len(lesion.contours)) == (24, 24 / 25, 1)

    def test_contour_is_in_px_of_the_frame(self) -> None:
        (contour,) = measure(draw_rectangle(4, 6, top=20, left=30))[0].contours
        assert contour.min(axis=0).tolist() == [19.5, 29.5]
        assert contour.max(axis=0).tolist() == [23.5, 35.5]

    def test_axes_are_in_px_of_the_frame(self) -> None:
        (lesion,) = measure(draw_rectangle(1, 6, top=20, left=30))
        assert (lesion.long_axis.start, lesion.long_axis.end) == ((20, 29.5), (20, 35.5))

    def test_whole_frame(self) -> None:
        (lesion,) = measure(np.ones((5, 7), bool))
        assert (lesion.box, lesion.depth_px, lesion.width_px) == ((0, 0, 5, 7), 5, 7)
        assert lesion.long_axis.length_px == pytest.approx(np.hypot(4, 7))

    @pytest.mark.parametrize("seed", range(3))
    def test_shift_changes_positions_only(self, seed: int) -> None:
        mask = draw_blob(seed)
        one = measure_calibrated(mask, (0.07, 0.09))
        other = measure_calibrated(np.pad(mask, ((31, 5), (17, 3))), (0.07, 0.09))
        moved = {"long_axis", "short_axis", "centroid", "box", *ARRAYS}
        top = {"top_distance_px", "top_distance_mm"}
        for name, value in asdict(one).items():
            if name not in moved | top:
                assert getattr(other, name) == value, name
        assert np.array_equal(other.contours[0], one.contours[0] + (31, 17))
        assert np.array_equal(other.mask, one.mask)
        assert other.top_distance_px == one.top_distance_px + 31

    @pytest.mark.parametrize("axis", [0, 1])
    def test_mirror_keeps_the_shape(self, axis: int) -> None:
        mask = draw_blob(1)
        one, other = (measure_calibrated(m, (0.07, 0.09)) for m in (mask, np.flip(mask, axis)))
        for name in ("area_mm2", "solidity", "circularity", "irregularity", "depth_width_ratio"):
            assert getattr(one, name) == pytest.approx(getattr(other, name)), name


class TestOrientation:
    @pytest.mark.parametrize(
        ("rows", "columns", "orientation"),
        [(4, 5, "parallel"), (5, 5, "not parallel"), (6, 5, "not parallel")],
    )
    def test_by_depth_and_width(self, rows: int, columns: int, orientation: str) -> None:
        (lesion,) = measure(draw_rectangle(rows, columns))
        assert lesion.orientation is Orientation(orientation)

    def test_in_mm_if_calibrated(self) -> None:
        lesion = measure_calibrated(draw_rectangle(4, 5), (0.2, 0.1))
        assert lesion.orientation is Orientation.NOT_PARALLEL

    def test_round_in_mm_is_not_parallel_whatever_the_rounding(self) -> None:
        lesion = measure_calibrated(draw_rectangle(10, 30), (0.3, 0.1))
        assert lesion.depth_width_ratio == pytest.approx(1)
        assert lesion.orientation is Orientation.NOT_PARALLEL


class TestRegions:
    def test_without_calibration_nothing_is_in_mm(self) -> None:
        for regions in ((), (region((0, 0, 40, 40), None),)):
            (lesion,) = measure(draw_rectangle(6, 10), *regions)
            assert {
                lesion.area_mm2,
                lesion.long_axis.length_mm,
                lesion.short_axis.length_mm,
                lesion.depth_mm,
                lesion.width_mm,
                lesion.top_distance_mm,
                lesion.mm_per_pixel,
            } == {None}

    def test_two_regions_of_different_spacing(self) -> None:
        mask = np.zeros((20, 40), bool)
        mask[5:9, 3:13] = mask[5:8, 25:35] = True
        one, other = measure(
            mask, region((0, 20, 20, 40), (0.3, 0.2)), region((0, 0, 20, 20), (0.1, 0.1))
        )
        assert (one.mm_per_pixel, one.width_mm) == ((0.1, 0.1), pytest.approx(1.0))
        assert (other.mm_per_pixel, other.width_mm) == ((0.3, 0.2), pytest.approx(2.0))

    def test_component_across_two_regions_is_cut(self) -> None:
        mask = np.zeros((10, 20), bool)
        mask[4:6, 5:13] = True
        lesions = measure(
            mask, region((0, 0, 10, 10), (0.1, 0.1)), region((0, 10, 10, 20), (0.2, 0.2))
        )
        assert [(lesion.box, lesion.mm_per_pixel) for lesion in lesions] == [
            ((4, 5, 6, 10), (0.1, 0.1)),
            ((4, 10, 6, 13), (0.2, 0.2)),
        ]

    def test_regions_one_above_the_other(self) -> None:
        mask = np.zeros((20, 10), bool)
        mask[7:13, 4:6] = True
        lesions = measure(
            mask, region((0, 0, 10, 10), (0.1, 0.1)), region((10, 0, 20, 10), (0.2, 0.2))
        )
        assert [(lesion.box, lesion.mm_per_pixel) for lesion in lesions] == [
            ((7, 4, 10, 6), (0.1, 0.1)),
            ((10, 4, 13, 6), (0.2, 0.2)),
        ]

    def test_cut_even_if_the_spacing_is_the_same(self) -> None:
        mask = np.ones((4, 10), bool)
        assert len(measure(mask, region((0, 0, 4, 5)), region((0, 5, 4, 10)))) == 2

    def test_component_across_the_gap_is_cut_half_way(self) -> None:
        mask = np.zeros((6, 20), bool)
        mask[2, 4:16] = True
        boxes = {
            lesion.box for lesion in measure(mask, region((0, 0, 6, 8)), region((0, 12, 6, 20)))
        }
        assert boxes == {(2, 4, 3, 10), (2, 10, 3, 16)}

    def test_pixels_in_two_regions_go_with_the_first(self) -> None:
        mask = np.zeros((6, 20), bool)
        mask[2, 8:12] = True
        (lesion,) = measure(
            mask, region((0, 7, 6, 20), (0.3, 0.3)), region((0, 0, 6, 13), (0.1, 0.1))
        )
        assert lesion.mm_per_pixel == (0.3, 0.3)

    def test_margin_beyond_the_box_stays_with_the_lesion(self) -> None:
        (lesion,) = measure(draw_rectangle(6, 10, top=3, left=5), region((4, 6, 12, 20)))
        assert (lesion.area_px, lesion.mm_per_pixel) == (60, (0.2, 0.1))
        assert lesion.top_distance_px == 0

    @pytest.mark.parametrize("regions", [1, 2])
    def test_half_outside_is_not_calibrated(self, regions: int) -> None:
        boxes = [region((0, 0, 20, 10)), region((0, 30, 20, 40))][:regions]
        (lesion,) = measure(draw_rectangle(6, 10, top=3, left=5), *boxes)
        assert (lesion.area_px, lesion.mm_per_pixel, lesion.area_mm2) == (60, None, None)

    def test_just_more_than_half_inside_is_calibrated(self) -> None:
        (lesion,) = measure(draw_rectangle(1, 11, top=3, left=5), region((0, 0, 20, 11)))
        assert lesion.mm_per_pixel == (0.2, 0.1)

    def test_wholly_outside_is_not_calibrated(self) -> None:
        (lesion,) = measure(draw_rectangle(6, 10, top=3, left=5), region((9, 0, 20, 20)))
        assert (lesion.area_px, lesion.mm_per_pixel) == (60, None)

    def test_top_distance_is_from_the_region(self) -> None:
        (lesion,) = measure(draw_rectangle(6, 10, top=7, left=5), region((2, 0, 17, 20)))
        assert lesion.top_distance_px == 5
        assert lesion.top_distance_mm == pytest.approx(1.0)

    def test_top_distance_without_a_region_is_from_the_frame(self) -> None:
        (lesion,) = measure(draw_rectangle(6, 10, top=7, left=5))
        assert (lesion.top_distance_px, lesion.top_distance_mm) == (7, None)
