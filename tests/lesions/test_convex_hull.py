import numpy as np
import pytest
from lesion_shapes import U_SHAPE, Mask, draw_blob, draw_ellipse
from skimage.measure import points_in_poly

from pipeline.lesions.convex_hull import count_hull_pixels, find_hull


def crop(mask: Mask) -> Mask:
    rows, columns = np.nonzero(mask)
    return mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def count_by_half_planes(mask: Mask) -> int:
    """Pixels that no line through two pixels of the mask parts from all of the mask."""
    pixels = np.argwhere(mask)
    inside = np.ones(mask.shape, bool)
    grid = np.argwhere(inside)
    for one in pixels:
        for other in pixels:
            normal = np.array([one[1] - other[1], other[0] - one[0]])
            if normal.any() and ((pixels - one) @ normal <= 0).all():
                inside &= ((grid - one) @ normal <= 0).reshape(mask.shape)
    return int(inside.sum())


@pytest.mark.parametrize("seed", range(6))
def test_count_of_blob(seed: int) -> None:
    mask = crop(draw_blob(seed))
    assert count_hull_pixels(find_hull(mask)) == count_by_half_planes(mask)


def test_count_of_hollow_shape() -> None:
    assert count_hull_pixels(find_hull(U_SHAPE)) == 18


@pytest.mark.parametrize("degrees", [0, 20, 45])
def test_digital_ellipse_is_its_own_hull(degrees: int) -> None:
    mask = crop(draw_ellipse((20, 7), degrees=degrees, shift=(0.3, 0.1)))
    assert count_hull_pixels(find_hull(mask)) == mask.sum()


def test_corners_go_around() -> None:
    corners = find_hull(U_SHAPE)
    assert sorted(corners.tolist()) == [[0, 0], [0, 5], [2, 0], [2, 5]]
    centre = np.array([[1.0, 2.5]])
    assert points_in_poly(centre, corners).all()


@pytest.mark.parametrize(
    ("mask", "corners"),
    [
        (np.ones((1, 1), bool), [[0, 0]]),
        (np.ones((1, 4), bool), [[0, 0], [0, 3]]),
        (np.ones((4, 1), bool), [[0, 0], [3, 0]]),
        (np.eye(3, dtype=bool), [[0, 0], [2, 2]]),
        (np.eye(3, dtype=bool)[:, ::-1], [[0, 2], [2, 0]]),
    ],
)
def test_lines(mask: Mask, corners: list[list[int]]) -> None:
    hull = find_hull(mask)
    assert hull.tolist() == corners
    assert count_hull_pixels(hull) == mask.sum()
