"""Long and short axis of shapes with a known answer, and by brute force over all pixels."""

import math

import numpy as np
import pytest
from lesion_shapes import U_SHAPE, Mask, draw_blob, draw_ellipse, draw_rectangle
from skimage.measure import find_contours

from pipeline.lesions.axis import Axis
from pipeline.lesions.convex_hull import find_hull
from pipeline.lesions.measure_axes import measure_axes

Spacing = tuple[float, float]

SPACINGS = [(0.1, 0.1), (0.05, 0.1), (0.1, 0.07)]


def axes(mask: Mask, mm_per_pixel: Spacing | None = None) -> tuple[Axis, Axis]:
    rows, columns = np.nonzero(mask)
    crop = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    origin = int(rows.min()), int(columns.min())
    return measure_axes(find_hull(crop), mm_per_pixel=mm_per_pixel, origin=origin)


def middles(mask: Mask, scale: Spacing) -> np.ndarray:
    """The middles of the four edges of every pixel, scaled."""
    points = [
        (row + down, column + across)
        for row, column in np.argwhere(mask)
        for down, across in ((-0.5, 0), (0.5, 0), (0, -0.5), (0, 0.5))
    ]
    return np.unique(points, axis=0) * scale


def brute_force(mask: Mask, scale: Spacing) -> tuple[float, list[float]]:
    """The longest distance of all pairs; for each pair that has it, the longest chord across.

    A chord is found without a hull: every segment between two points lies in the hull, and those
    between its corners are its border.
    """
    points = middles(mask, scale)
    distances = np.hypot(*np.moveaxis(points[:, None] - points, -1, 0))
    longest = float(distances.max())
    chords = []
    for one, other in np.argwhere(distances > longest - 1e-9):
        along = (points[other] - points[one]) / longest
        s, t = points @ along, points @ np.array([-along[1], along[0]])
        ds, dt = s[None] - s[:, None], t[None] - t[:, None]
        best = 0.0
        for position in s:
            share = np.divide(position - s[:, None], ds, out=np.full_like(ds, -1), where=ds != 0)
            hit = (share >= -1e-12) & (share <= 1 + 1e-12)
            across = (t[:, None] + share * dt)[hit]
            across = np.concatenate([across, t[np.isclose(s, position)]])
            best = max(best, float(np.ptp(across)))
        chords.append(best)
    return longest, chords


def mm_length(axis: Axis, scale: Spacing) -> float:
    return math.hypot(
        (axis.end[0] - axis.start[0]) * scale[0], (axis.end[1] - axis.start[1]) * scale[1]
    )


class TestSmallShapes:
    def test_one_pixel_is_1_px(self) -> None:
        long, short = measure_axes(np.array([[0, 0]]), origin=(7, 4))
        assert long == Axis((6.5, 4.0), (7.5, 4.0), 1.0, None)
        assert short == Axis((7.0, 3.5), (7.0, 4.5), 1.0, None)

    def test_one_pixel_that_is_wide(self) -> None:
        long, short = measure_axes(np.array([[0, 0]]), mm_per_pixel=(0.1, 0.3))
        assert (long.start, long.end, long.length_mm) == ((0.0, -0.5), (0.0, 0.5), 0.3)
        assert (short.start, short.end, short.length_mm) == ((-0.5, 0.0), (0.5, 0.0), 0.1)

    def test_row_of_5(self) -> None:
        long, short = axes(draw_rectangle(1, 5, top=2, left=3))
        assert long == Axis((2.0, 2.5), (2.0, 7.5), 5.0, None)
        assert short == Axis((1.5, 5.0), (2.5, 5.0), 1.0, None)

    def test_column_of_5(self) -> None:
        long, short = axes(draw_rectangle(5, 1, top=2, left=3), (0.1, 0.2))
        assert long == Axis((1.5, 3.0), (6.5, 3.0), 5.0, pytest.approx(0.5))
        assert short == Axis((4.0, 2.5), (4.0, 3.5), 1.0, pytest.approx(0.2))

    def test_diagonal_of_4(self) -> None:
        long, short = axes(np.eye(4, dtype=bool))
        assert (long.start, long.end) == ((-0.5, 0.0), (3.5, 3.0))
        assert long.length_px == 5
        assert short.length_px == pytest.approx(brute_force(np.eye(4), (1, 1))[1][0])

    def test_rectangle(self) -> None:
        long, _ = axes(draw_rectangle(6, 10))
        assert long.length_px == pytest.approx(math.hypot(5, 10))

    def test_rectangle_within_a_pixel_of_the_formula(self) -> None:
        long, short = axes(draw_rectangle(30, 40), (0.2, 0.1))
        assert long.length_mm == pytest.approx(math.hypot(6, 4), abs=0.2)
        # The chord across a diagonal that starts in a corner: b * diagonal / a.
        assert short.length_mm == pytest.approx(4 * math.hypot(6, 4) / 6, abs=0.2)

    def test_hollow_shape_is_measured_across_the_hollow(self) -> None:
        long, short = axes(U_SHAPE)
        assert long.length_px == pytest.approx(math.hypot(2, 6))
        assert short.length_px == pytest.approx(brute_force(U_SHAPE, (1, 1))[1][0])
        rows, columns = np.mean([short.start, short.end], axis=0)
        assert 0 < rows < 2
        assert 0 < columns < 5


@pytest.mark.parametrize("mm_per_pixel", SPACINGS)
@pytest.mark.parametrize("semi_axes", [(40, 30), (45, 20), (38, 10)])
def test_ellipse_within_a_pixel_of_the_formula(
    mm_per_pixel: Spacing, semi_axes: tuple[int, int]
) -> None:
    # Of the same size in px of the longer edge, whatever the spacing.
    edge = max(mm_per_pixel)
    size = semi_axes[0] * edge, semi_axes[1] * edge
    for degrees in range(0, 180, 15):
        mask = draw_ellipse(
            size,
            degrees=degrees,
            mm_per_pixel=mm_per_pixel,
            shape=(200, 150),
            shift=(0.3, -0.2),
        )
        long, short = axes(mask, mm_per_pixel)
        assert long.length_mm == pytest.approx(2 * size[0], abs=edge), degrees
        assert short.length_mm == pytest.approx(2 * size[1], abs=edge), degrees


@pytest.mark.parametrize("mm_per_pixel", SPACINGS)
def test_ellipse_direction(mm_per_pixel: Spacing) -> None:
    edge = max(mm_per_pixel)
    for degrees in range(0, 180, 15):
        mask = draw_ellipse(
            (50 * edge, 15 * edge), degrees=degrees, mm_per_pixel=mm_per_pixel, shape=(220, 180)
        )
        long, _ = axes(mask, mm_per_pixel)
        down = (long.end[0] - long.start[0]) * mm_per_pixel[0]
        across = (long.end[1] - long.start[1]) * mm_per_pixel[1]
        off = (math.degrees(math.atan2(down, across)) - degrees + 90) % 180 - 90
        assert abs(off) < 3, degrees


class TestAgainstBruteForce:
    @pytest.mark.parametrize("mm_per_pixel", [None, (0.1, 0.1), (0.04, 0.1), (0.1, 0.06)])
    @pytest.mark.parametrize("seed", range(6))
    def test_blob(self, seed: int, mm_per_pixel: Spacing | None) -> None:
        mask = draw_blob(seed)
        long, short = axes(mask, mm_per_pixel)
        longest, chords = brute_force(mask, mm_per_pixel or (1, 1))
        measured = [axis.length_mm if mm_per_pixel else axis.length_px for axis in (long, short)]
        assert measured[0] == pytest.approx(longest)
        assert measured[1] in [pytest.approx(chord) for chord in chords]

    @pytest.mark.parametrize("seed", range(6))
    def test_pixel_corners_are_at_most_the_rest_of_a_diagonal_longer(self, seed: int) -> None:
        mask = draw_blob(seed)
        corners = np.unique(
            [
                (row + down, column + across)
                for row, column in np.argwhere(mask)
                for down in (-0.5, 0.5)
                for across in (-0.5, 0.5)
            ],
            axis=0,
        )
        farthest = max(math.dist(one, other) for one in corners for other in corners)
        long, _ = axes(mask)
        assert 0 <= farthest - long.length_px < math.sqrt(0.5)

    @pytest.mark.parametrize("seed", range(6))
    def test_outline_of_scikit_image(self, seed: int) -> None:
        mask = draw_blob(seed)
        points = np.concatenate(find_contours(mask, 0.5))
        farthest = max(math.dist(one, other) for one in points for other in points)
        assert axes(mask)[0].length_px == pytest.approx(farthest)


class TestGeometry:
    @pytest.mark.parametrize("mm_per_pixel", [(0.1, 0.1), (0.04, 0.1), (0.1, 0.06)])
    @pytest.mark.parametrize("seed", range(4))
    def test_right_angle_in_mm(self, seed: int, mm_per_pixel: Spacing) -> None:
        long, short = (
            np.subtract(axis.end, axis.start) * mm_per_pixel
            for axis in axes(draw_blob(seed), mm_per_pixel)
        )
        assert long @ short == pytest.approx(0, abs=1e-12)

    @pytest.mark.parametrize("mm_per_pixel", [None, (0.04, 0.1)])
    def test_lengths_are_those_between_the_ends(self, mm_per_pixel: Spacing | None) -> None:
        for axis in axes(draw_blob(1), mm_per_pixel):
            assert axis.length_px == pytest.approx(mm_length(axis, (1, 1)))
            if mm_per_pixel is None:
                assert axis.length_mm is None
            else:
                assert axis.length_mm == pytest.approx(mm_length(axis, mm_per_pixel))

    def test_longest_in_mm_is_not_longest_in_px(self) -> None:
        mask = draw_rectangle(4, 9)
        long, _ = axes(mask, (1.0, 0.1))
        assert abs(long.end[0] - long.start[0]) == 4
        assert long.length_px < axes(mask)[0].length_px

    @pytest.mark.parametrize("seed", range(4))
    def test_axes_cross(self, seed: int) -> None:
        long, short = axes(draw_blob(seed))
        direction = np.subtract(long.end, long.start)
        start, end = (
            float(np.cross([*direction, 0], [*np.subtract(point, long.start), 0])[2])
            for point in (short.start, short.end)
        )
        assert start * end <= 1e-9

    def test_short_axis_lies_in_the_middle_if_it_can(self) -> None:
        _, short = axes(draw_rectangle(1, 9, top=0, left=0))
        assert (short.start, short.end) == ((-0.5, 4.0), (0.5, 4.0))

    def test_upper_end_comes_first(self) -> None:
        for seed in range(4):
            for axis in axes(draw_blob(seed)):
                assert axis.start < axis.end

    @pytest.mark.parametrize("mm_per_pixel", [None, (0.04, 0.1)])
    @pytest.mark.parametrize("seed", range(4))
    def test_shift(self, seed: int, mm_per_pixel: Spacing | None) -> None:
        mask = draw_blob(seed)
        shifted = np.pad(mask, ((411, 5), (707, 3)))
        for one, other in zip(axes(mask, mm_per_pixel), axes(shifted, mm_per_pixel), strict=True):
            assert (one.length_px, one.length_mm) == (other.length_px, other.length_mm)
            assert other.start == pytest.approx((one.start[0] + 411, one.start[1] + 707))
            assert other.end == pytest.approx((one.end[0] + 411, one.end[1] + 707))

    @pytest.mark.parametrize("mm_per_pixel", [None, (0.04, 0.1)])
    @pytest.mark.parametrize("axis", [0, 1])
    def test_mirror(self, axis: int, mm_per_pixel: Spacing | None) -> None:
        mask = np.zeros((14, 17), bool)
        mask[2:9, 3:6] = mask[7:11, 4:15] = True
        mirrored = np.flip(mask, axis)
        pairs = zip(axes(mask, mm_per_pixel), axes(mirrored, mm_per_pixel), strict=True)
        for one, other in pairs:
            ends = np.array([one.start, one.end])
            ends[:, axis] = mask.shape[axis] - 1 - ends[:, axis]
            expected = sorted(ends.tolist())
            assert [other.start, other.end] == [pytest.approx(end) for end in expected]
            assert other.length_px == pytest.approx(one.length_px, rel=1e-12)

    def test_turned_mask_and_spacing_turn_the_axes(self) -> None:
        mask = draw_blob(2)
        for one, other in zip(axes(mask, (0.04, 0.1)), axes(mask.T, (0.1, 0.04)), strict=True):
            assert one.length_mm == pytest.approx(other.length_mm)
            assert sorted([one.start[::-1], one.end[::-1]]) == [
                pytest.approx(other.start),
                pytest.approx(other.end),
            ]

    def test_of_equal_diameters_the_first_in_reading_order(self) -> None:
        mask = np.zeros((7, 7), bool)
        mask[:, 3] = mask[6, 1:6] = True
        long, _ = axes(mask)
        assert (long.start, long.end) == ((-0.5, 3.0), (6.5, 1.0))
