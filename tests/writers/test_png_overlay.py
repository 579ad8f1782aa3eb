"""Overlays; the mask is a rectangle of 10 x 20 within 40 x 60.

Those with text are 200 x 320, grey 80, with a lesion of 40 x 60 in the middle.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

from pipeline.lesions.lesion import find_lesions
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.result import Result
from pipeline.writers import PngOverlay
from pipeline.writers.png_overlay import draw_overlay

YELLOW = (255, 210, 0)
BLUE = (90, 200, 255)
WHITE = (235, 235, 235)
MASK = np.zeros((40, 60), bool)
MASK[10:20, 25:45] = True


def write(tmp_path, mask: np.ndarray = MASK, grey: float = 80.0) -> np.ndarray:
    image = np.full(mask.shape, grey, np.float32)
    PngOverlay(tmp_path).write(Result("x.png", None, image, mask, (), 0.5, ()))
    with Image.open(tmp_path / "overlays" / "x.png") as file:
        assert file.mode == "P"
        return np.asarray(file.convert("RGB"))


def is_yellow(overlay: np.ndarray) -> np.ndarray:
    return (overlay == YELLOW).all(axis=-1)


def test_outline_is_the_ring_around_the_mask(tmp_path) -> None:
    expected = binary_dilation(MASK) & ~MASK
    outline = is_yellow(write(tmp_path))
    assert (outline & expected).sum() == expected.sum()
    assert not (outline & MASK).any()
    assert not (outline & ~binary_dilation(MASK, iterations=2)).any()


def test_elsewhere_is_the_image(tmp_path) -> None:
    overlay = write(tmp_path)
    assert (overlay[~is_yellow(overlay)] == 80).all()


def test_empty_mask_leaves_the_image(tmp_path) -> None:
    assert (write(tmp_path, np.zeros((40, 60), bool)) == 80).all()


@pytest.mark.parametrize(("grey", "expected"), [(254.6, 255), (0.4, 0), (300.0, 255), (-3.0, 0)])
def test_grey_is_rounded_and_clipped(grey: float, expected: int, tmp_path) -> None:
    assert (write(tmp_path, np.zeros((4, 6), bool), grey) == expected).all()


def test_all_greys_but_two_are_kept(tmp_path) -> None:
    image = np.arange(256, dtype=np.float32).reshape(16, 16)
    PngOverlay(tmp_path).write(Result("x.png", None, image, np.zeros((16, 16), bool), (), 0.5, ()))
    with Image.open(tmp_path / "overlays" / "x.png") as file:
        overlay = np.asarray(file.convert("RGB"))
    assert (overlay == overlay[..., :1]).all()
    difference = overlay[..., 0] - image
    assert np.flatnonzero(difference).tolist() == [1, 254]
    assert np.abs(difference).max() == 1


def test_the_file_shows_what_was_drawn(tmp_path: Path) -> None:
    regions = (CalibratedRegion((0, 0, 200, 320), (0.1, 0.25), RegionOrigin.GIVEN),)
    lesions = find_lesions(LARGE, np.full(LARGE.shape, 0.75, np.float32), regions=regions)
    image = np.full(LARGE.shape, 80, np.float32)
    result = Result("x.png", None, image, LARGE, tuple(lesions), 0.75, regions)
    PngOverlay(tmp_path).write(result)
    with Image.open(tmp_path / "overlays" / "x.png") as file:
        overlay = np.asarray(file.convert("RGB"))
    drawn = draw_overlay(result)
    for colour in (YELLOW, BLUE):
        assert is_colour(drawn, colour).any()
        assert np.array_equal(is_colour(overlay, colour), is_colour(drawn, colour))
    assert np.abs(overlay.astype(int) - drawn).max() <= 1


def test_large_image_has_a_wider_outline_outside_the_mask(tmp_path) -> None:
    mask = np.zeros((100, 1200), bool)
    mask[40:60, 500:700] = True
    outline = is_yellow(write(tmp_path, mask))
    assert outline[:40, 600].sum() == 2  # 1200 / 400 is 3 lines, one of them on the mask
    assert not (outline & mask).any()


LARGE = np.zeros((200, 320), bool)
LARGE[70:110, 130:190] = True
NO_LESION = np.zeros_like(LARGE)


def draw(
    mask: np.ndarray,
    *mm: tuple[float, float] | None,
    boxes: tuple[tuple[int, int, int, int], ...] | None = None,
) -> np.ndarray:
    """Draw on grey 80, with a region for each of `mm`."""
    regions = tuple(
        CalibratedRegion(box, spacing, RegionOrigin.GIVEN)
        for box, spacing in zip(boxes or ((0, 0, *mask.shape),), mm, strict=True)
    )
    lesions = find_lesions(mask, np.full(mask.shape, 0.75, np.float32), regions=regions)
    image = np.full(mask.shape, 80, np.float32)
    return draw_overlay(Result("x.png", None, image, mask, tuple(lesions), 0.75, regions))


def is_colour(overlay: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (overlay == colour).all(axis=-1)


def measure_bars(overlay: np.ndarray) -> list[tuple[int, int, int]]:
    """Find runs of white in a row that are longer than any stroke of a letter: row, start, end."""
    bars = []
    for row, line in enumerate(is_colour(overlay, WHITE)):
        ends = np.flatnonzero(np.diff(np.pad(line.astype(np.int8), 1)))
        bars += [(row, a, b) for a, b in ends.reshape(-1, 2).tolist() if b - a > 15]
    return bars


def has_ink(overlay: np.ndarray, rows: slice, columns: slice) -> bool:
    return bool((overlay[rows, columns] != 80).any())


class TestScaleBar:
    @pytest.mark.parametrize(
        ("mm_across", "length_mm"), [(0.25, 20), (0.1, 5), (0.08, 5), (1.0, 50), (0.0125, 1)]
    )
    def test_it_is_as_long_as_it_says(self, mm_across: float, length_mm: float) -> None:
        # The longest of 50, 20, 10, 5, 2, 1 mm that takes at most 0.3 of 320 px.
        bars = measure_bars(draw(NO_LESION, (0.4, mm_across)))
        assert {row for row, *_ in bars} == {188, 189}
        for _, start, end in bars:
            assert start == 6
            # From the middle of its first to the middle of its last pixel.
            assert end - 1 - start == pytest.approx(length_mm / mm_across, abs=0.5)

    def test_rows_do_not_count(self) -> None:
        assert np.array_equal(
            measure_bars(draw(NO_LESION, (0.1, 0.25))), measure_bars(draw(NO_LESION, (0.5, 0.25)))
        )

    def test_none_if_a_millimetre_is_too_long(self) -> None:
        assert measure_bars(draw(NO_LESION, (0.01, 0.01))) == []

    def test_each_image_of_a_frame_has_its_own(self) -> None:
        boxes = ((0, 0, 180, 160), (20, 160, 200, 320))
        bars = measure_bars(draw(NO_LESION, (0.1, 0.125), (0.1, 0.25), boxes=boxes))
        assert {(row // 10, start) for row, start, _ in bars} == {(16, 6), (18, 166)}
        assert {end - 1 - start for _, start, end in bars} == {40}  # 5 mm, and 10 mm

    def test_image_without_calibration_has_none(self) -> None:
        boxes = ((0, 0, 200, 160), (0, 160, 200, 320))
        bars = measure_bars(draw(NO_LESION, None, (0.1, 0.25), boxes=boxes))
        assert {start for _, start, _ in bars} == {166}

    def test_its_length_is_written_above_it(self) -> None:
        overlay = draw(NO_LESION, (0.25, 0.25))
        assert has_ink(overlay, np.s_[170:183], np.s_[6:40])
        assert not has_ink(overlay, np.s_[:165], np.s_[:])


class TestDiameters:
    def test_they_cross_the_lesion(self) -> None:
        blue = is_colour(draw(LARGE, (0.25, 0.25)), BLUE)
        assert blue[70:110, 130:190].sum() > 60
        rows, columns = np.nonzero(blue)
        # They end half a pixel beyond the middle of the outermost pixels.
        assert (rows.min(), rows.max()) in {(69, 109), (69, 110), (70, 109), (70, 110)}
        assert (columns.min(), columns.max()) in {(129, 189), (129, 190), (130, 189), (130, 190)}

    def test_their_lengths_are_written_below_the_lesion(self) -> None:
        assert has_ink(draw(LARGE, (0.25, 0.25)), np.s_[113:126], np.s_[100:220])

    def test_above_it_where_there_is_no_room(self) -> None:
        overlay = draw(np.roll(LARGE, 85, axis=0), (0.25, 0.25))
        assert has_ink(overlay, np.s_[138:152], np.s_[100:220])

    def test_nothing_is_reported_without_calibration(self) -> None:
        overlay = draw(LARGE, None)
        assert not is_colour(overlay, BLUE).any()
        assert measure_bars(overlay) == []
        around = is_colour(overlay, YELLOW) | (overlay == 80).all(axis=-1)
        assert around[:180].all()
        assert has_ink(overlay, np.s_[180:], np.s_[160:])  # that it is for research only

    def test_text_stays_within_the_image(self) -> None:
        mask = np.zeros_like(LARGE)
        mask[90:110, 1:30] = True
        overlay = draw(mask, (0.25, 0.25))
        assert not has_ink(overlay, np.s_[113:126], np.s_[:4])


def test_small_image_has_lines_but_no_text() -> None:
    small = LARGE[30:150, 80:240]
    overlay = draw(small, (0.25, 0.25))
    assert is_colour(overlay, BLUE).any()
    expected = is_colour(overlay, BLUE) | is_colour(overlay, YELLOW)
    assert np.array_equal((overlay != 80).any(axis=-1), expected)


def test_outline_stays_outside_the_mask_where_there_is_text() -> None:
    outline = is_colour(draw(LARGE, (0.25, 0.25)), YELLOW)
    ring = binary_dilation(LARGE) & ~LARGE
    assert not (outline & LARGE).any()
    # The diameters end on it, and lie over it.
    assert (outline & ring).sum() >= ring.sum() - 8


def test_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    regions = (CalibratedRegion((0, 0, 200, 320), (0.1, 0.25), RegionOrigin.GIVEN),)
    lesions = find_lesions(LARGE, np.full(LARGE.shape, 0.75, np.float32), regions=regions)
    image = np.full(LARGE.shape, 80, np.float32)
    result = Result("x.png", None, image, LARGE, tuple(lesions), 0.75, regions)
    for name in ("first", "second"):
        PngOverlay(tmp_path / name).write(result)
    first, second = (tmp_path / name / "overlays" / "x.png" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
