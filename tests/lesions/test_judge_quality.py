"""Remarks on masks; images are 10 x 20, their B-mode image is rows 2 to 8, columns 4 to 17."""

import numpy as np
import pytest

from pipeline.lesions.judge_quality import judge_quality
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

BOX = (2, 4, 9, 18)
INSIDE = np.s_[2:9, 4:18]
PIXELS = 7 * 14
GREY = np.full((10, 20), 100, np.float32)
NO_LESION = np.zeros((10, 20), bool)
LESION = NO_LESION.copy()
LESION[4:6, 8:12] = True


def judge(
    image: np.ndarray | None = GREY,
    mask: np.ndarray = LESION,
    boxes: tuple[tuple[int, int, int, int], ...] = (BOX,),
    doubt: float = 0.0,
) -> tuple[str, ...]:
    regions = [CalibratedRegion(box, None, RegionOrigin.GIVEN) for box in boxes]
    return judge_quality(image, mask, regions, boundary_uncertainty=doubt)


def paint(count: int, value: float, ground: float) -> np.ndarray:
    """Make an image whose B-mode image has `count` pixels of one value, and the rest of another."""
    part = np.full(PIXELS, ground, np.float32)
    part[:count] = value
    image = GREY.copy()
    image[INSIDE] = part.reshape(7, 14)
    return image


def test_sound_image() -> None:
    assert judge() == ()


@pytest.mark.parametrize(("light", "expected"), [(1, ("empty",)), (2, ())])
def test_empty(light: int, expected: tuple[str, ...]) -> None:
    # 98 % of 98 pixels are 96.04: 97 dark ones are more, 96 are not.
    assert judge(paint(light, 8, 7.9)) == expected


@pytest.mark.parametrize(("white", "expected"), [(25, ("saturated",)), (24, ())])
def test_saturated(white: int, expected: tuple[str, ...]) -> None:
    # A quarter of 98 pixels are 24.5.
    assert judge(paint(white, 254, 253.9)) == expected


@pytest.mark.parametrize("console", [0, 255])
def test_console_does_not_count(console: float) -> None:
    image = np.full_like(GREY, console)
    image[INSIDE] = 100
    assert judge(image) == ()


def test_image_that_is_not_known() -> None:
    assert judge(None) == ()
    assert judge(None, doubt=1.0) == ("uncertain boundary",)


@pytest.mark.parametrize(
    ("doubt", "expected"),
    [(0.5, ()), (0.51, ("uncertain boundary",))],
)
def test_unsure_outline(doubt: float, expected: tuple[str, ...]) -> None:
    assert judge(doubt=doubt) == expected


def test_doubt_without_a_lesion_is_none() -> None:
    assert judge(mask=NO_LESION, doubt=5.0) == ()


@pytest.mark.parametrize("edge", ["top", "left", "bottom", "right"])
def test_touches_the_border(edge: str) -> None:
    row, column = {"top": (2, 9), "left": (5, 4), "bottom": (8, 9), "right": (5, 17)}[edge]
    mask = NO_LESION.copy()
    mask[row, column] = True
    assert judge(mask=mask) == ("touches the border",)


def test_one_pixel_within_the_border() -> None:
    mask = NO_LESION.copy()
    mask[3:8, 5:17] = True
    assert judge(mask=mask) == ()


def test_border_between_two_images_is_one() -> None:
    mask = NO_LESION.copy()
    mask[5, 8:11] = True
    assert judge(mask=mask) == ()
    assert judge(mask=mask, boxes=((2, 4, 9, 11), (2, 11, 9, 18))) == ("touches the border",)


@pytest.mark.parametrize(
    ("place", "expected"),
    [((2, 9), "touches the border"), ((5, 13), "touches the border"), ((6, 10), "")],
    ids=["edge of the box", "edge of a part", "edge of a part within another"],
)
def test_border_of_an_image_of_two_parts(place: tuple[int, int], expected: str) -> None:
    mask = NO_LESION.copy()
    mask[place] = True
    parts = (2, 4, 7, 14), (4, 8, 9, 18)
    assert parts[0][3] - 1 == 13  # its last column, which rows 2 and 3 of the other do not have
    region = CalibratedRegion(BOX, None, RegionOrigin.GIVEN, parts)
    if place == (5, 13):
        region = CalibratedRegion(BOX, None, RegionOrigin.GIVEN, ((2, 4, 7, 14), (6, 8, 9, 18)))
    told = judge_quality(GREY, mask, [region], boundary_uncertainty=0.0)
    assert told == ((expected,) if expected else ())


def test_images_of_a_frame_are_counted_together() -> None:
    image = GREY.copy()
    image[:, 11:] = 0
    assert judge(image, NO_LESION, boxes=((2, 4, 9, 11), (2, 11, 9, 18))) == ()


def test_all_at_once_in_a_fixed_order() -> None:
    mask = np.ones_like(LESION)
    assert judge(np.zeros_like(GREY), mask, doubt=1.0) == (
        "empty",
        "uncertain boundary",
        "touches the border",
    )


def test_no_region() -> None:
    assert judge(boxes=()) == ()
