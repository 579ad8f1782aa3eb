import math

import numpy as np
import pytest
from lesion_shapes import U_SHAPE, Mask, draw_blob, draw_ellipse, draw_rectangle
from scipy.integrate import quad
from skimage.measure import perimeter_crofton, points_in_poly

from pipeline.lesions.outline import Outline, trace_outline


def trace(mask: Mask, mm_per_pixel: tuple[float, float] | None = None) -> Outline:
    row, column = np.argwhere(mask).mean(axis=0)
    return trace_outline(mask, (row, column), mm_per_pixel=mm_per_pixel)


def with_hole() -> Mask:
    mask = draw_rectangle(9, 12)
    mask[6:8, 9:11] = False
    return mask


class TestPoints:
    @pytest.mark.parametrize("mask", [U_SHAPE, draw_blob(3), np.eye(4, dtype=bool)])
    def test_polygon_filled_is_the_mask(self, mask: Mask) -> None:
        pixels = np.argwhere(np.ones(mask.shape, bool))
        filled = points_in_poly(pixels, trace(mask).points)
        assert np.array_equal(filled.reshape(mask.shape), mask)

    def test_closed(self) -> None:
        points = trace(U_SHAPE).points
        assert points[0].tolist() == points[-1].tolist()

    def test_within_half_a_pixel_of_the_centres(self) -> None:
        points = trace(draw_rectangle(4, 6, top=2, left=3)).points
        assert points.min(axis=0).tolist() == [1.5, 2.5]
        assert points.max(axis=0).tolist() == [5.5, 8.5]

    def test_at_the_border_of_the_image(self) -> None:
        points = trace(np.ones((3, 4), bool)).points
        assert points.min(axis=0).tolist() == [-0.5, -0.5]
        assert points.max(axis=0).tolist() == [2.5, 3.5]

    def test_pixels_that_touch_at_a_corner_have_one_outline(self) -> None:
        assert len(trace(np.eye(4, dtype=bool)).points) == 4 * 3 + 4 + 1

    def test_holes_do_not_count(self) -> None:
        filled = trace(draw_rectangle(9, 12))
        hollow = trace_outline(with_hole(), (7.0, 10.5))
        assert hollow.points.tolist() == filled.points.tolist()
        assert hollow.circularity == filled.circularity


class TestCircularity:
    @pytest.mark.parametrize("mask", [draw_ellipse((20, 9), degrees=20), draw_blob(1)])
    def test_perimeter_is_that_of_scikit_image(self, mask: Mask) -> None:
        perimeter = perimeter_crofton(np.pad(mask, 2), directions=4)
        expected = 4 * math.pi * mask.sum() / perimeter**2
        assert trace(mask).circularity == pytest.approx(expected)

    @pytest.mark.parametrize("mm_per_pixel", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.7)])
    def test_disc_is_1(self, mm_per_pixel: tuple[float, float]) -> None:
        for shift in np.linspace(0, 0.5, 6):
            mask = draw_ellipse((20, 20), mm_per_pixel=mm_per_pixel, shift=(shift, 0.4 * shift))
            assert trace(mask, mm_per_pixel).circularity == pytest.approx(1, abs=0.035)

    def test_square_is_11_percent_high(self) -> None:
        circularity = trace(draw_rectangle(60, 60)).circularity
        assert circularity / (math.pi / 4) == pytest.approx(0.948**-2, abs=0.02)

    def test_unit_does_not_matter(self) -> None:
        mask = draw_blob(2)
        assert trace(mask, (0.1, 0.1)).circularity == pytest.approx(trace(mask).circularity)

    def test_hollow_shape_is_less(self) -> None:
        assert trace(U_SHAPE).circularity < 0.6


class TestIrregularity:
    @pytest.mark.parametrize("mm_per_pixel", [(1.0, 1.0), (0.5, 1.0), (1.0, 0.7)])
    def test_disc_is_0(self, mm_per_pixel: tuple[float, float]) -> None:
        mask = draw_ellipse((20, 20), mm_per_pixel=mm_per_pixel)
        assert trace(mask, mm_per_pixel).irregularity == pytest.approx(0, abs=0.015)

    @pytest.mark.parametrize("degrees", [0, 30, 90])
    @pytest.mark.parametrize("mm_per_pixel", [(1.0, 1.0), (0.7, 1.0)])
    def test_ellipse_by_the_integral(self, degrees: int, mm_per_pixel: tuple[float, float]) -> None:
        def weigh(power: int) -> float:
            return quad(
                lambda t: (
                    math.hypot(40 * math.cos(t), 20 * math.sin(t)) ** power
                    * math.hypot(40 * math.sin(t), 20 * math.cos(t))
                ),
                0,
                2 * math.pi,
            )[0]

        length = weigh(0)
        mean = weigh(1) / length
        expected = math.sqrt(weigh(2) / length - mean**2) / mean
        assert expected == pytest.approx(0.23, abs=0.01)
        mask = draw_ellipse((40, 20), degrees=degrees, mm_per_pixel=mm_per_pixel)
        assert trace(mask, mm_per_pixel).irregularity == pytest.approx(expected, abs=0.01)

    def test_points_weigh_by_length(self) -> None:
        # Square of 2: four corners cut off, eight edges of half a pixel on either side.
        points = trace(np.ones((2, 2), bool)).points[:-1] - 0.5
        assert np.unique(np.hypot(*points.T)).tolist() == [math.hypot(1, 0.5)]
        assert trace(np.ones((2, 2), bool)).irregularity == pytest.approx(0, abs=1e-12)
