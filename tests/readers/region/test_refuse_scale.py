"""Which sizes of pixels are believed; sizes of images are rows and columns in px."""

import math

import pytest

from pipeline.readers.region.refuse_scale import refuse_scale

REAL = [
    # mm between rows and columns, rows, columns: BrEaST's least, median and largest, then others
    ((0.043, 0.043), (465, 880)),
    ((0.078, 0.078), (537, 545)),
    ((0.139, 0.139), (555, 640)),
    ((0.0616, 0.0616), (480, 616)),
    ((0.02, 0.02), (600, 800)),  # a probe of 30 MHz
    ((0.1, 0.2), (480, 320)),  # every other column left out
    ((0.12, 0.12), (1000, 1024)),
    ((0.12, 0.12), (400, 2000)),  # a panorama
    ((0.4, 0.4), (256, 256)),  # reduced
    ((0.1, 0.1), (40, 64)),  # a part that was cut out
]


@pytest.mark.parametrize(("mm", "size"), REAL)
def test_real_scales_are_believed(mm: tuple[float, float], size: tuple[int, int]) -> None:
    assert refuse_scale(mm, size) == ""
    assert refuse_scale(mm) == ""


@pytest.mark.parametrize(
    ("mm", "why"),
    [
        *[((value, 0.1), "a side of 0") for value in (0, -0.1, math.inf, -math.inf, math.nan)],
        *[((0.1, value), "a side of 0") for value in (0, -0.1, math.inf, -math.inf, math.nan)],
        ((1, 1), "1 mm x 1 mm"),
        ((1.0001, 1), "1 mm x 1 mm"),
        ((25.4 / 72, 25.4 / 72), "72 dots per inch"),
        ((0.352778, 0.352778), "72 dots per inch"),
        ((1000 / 2835, 1000 / 2835), "72 dots per inch"),  # as PNG rounds it
        ((0.264583, 0.264583), "96 dots per inch"),
        ((1000 / 3780, 1000 / 3780), "96 dots per inch"),
        ((0.254, 0.254), "100 dots per inch"),
        ((0.169333, 0.169333), "150 dots per inch"),
        ((0.127, 0.127), "200 dots per inch"),
        ((0.0846667, 0.0846667), "300 dots per inch"),
        ((0.0423333, 0.0423333), "600 dots per inch"),
        ((1000 / 11811, 1000 / 11811), "300 dots per inch"),
        ((1e-5, 1e-5), "less than 0.01 mm"),
        ((0.05, 0.009), "less than 0.01 mm"),
        ((1, 0.9), "1 mm or more"),
        ((30, 30), "1 mm or more"),
        ((0.1, 0.41), "more than 4 times"),
        ((0.41, 0.1), "more than 4 times"),
    ],
)
def test_pixels_that_cannot_be(mm: tuple[float, float], why: str) -> None:
    assert why in refuse_scale(mm)
    assert why in refuse_scale(mm, (400, 400))


@pytest.mark.parametrize(
    ("mm", "size", "why"),
    [
        ((0.301, 0.2), (400, 400), "deeper than 120 mm"),
        ((0.2, 0.3), (400, 1000), "wider than 250 mm"),
        ((0.02, 0.02), (149, 600), "less than 3 mm"),
        ((0.02, 0.02), (600, 149), "less than 3 mm"),
    ],
)
def test_images_that_cannot_be(mm: tuple[float, float], size: tuple[int, int], why: str) -> None:
    assert why in refuse_scale(mm, size)
    assert refuse_scale(mm) == ""


@pytest.mark.parametrize("mm", [(0.3, 0.2), (0.02, 0.08), (0.1, 0.4)])
def test_limits_themselves_are_believed(mm: tuple[float, float]) -> None:
    assert refuse_scale(mm, (400, 400)) == ""
