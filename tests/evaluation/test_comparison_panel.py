import numpy as np
import pytest

from pipeline.evaluation.comparison_panel import (
    AGREEMENT_COLOUR,
    BAR_PX,
    GAP_PX,
    PREDICTION_COLOUR,
    TRUTH_COLOUR,
    draw_comparison,
)

HEIGHT, WIDTH = 30, 50


def tiles(**options: int) -> list[np.ndarray]:
    """Cut the panel of a lesion at the top left, predicted 3 columns further right."""
    original = np.zeros((HEIGHT, WIDTH), np.float32)
    original[:, 40:] = 200.4
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[2:8, 5:15] = 1
    panel = np.asarray(
        draw_comparison(original, label, np.roll(label, 3, axis=1), caption="x" * 500, **options)
    )
    width = (panel.shape[1] - 3 * GAP_PX) // 4
    starts = [column * (width + GAP_PX) for column in range(4)]
    return [panel[BAR_PX:, start : start + width] for start in starts]


def test_size() -> None:
    assert [tile.shape for tile in tiles()] == [(HEIGHT, WIDTH, 3)] * 4


def test_image_keeps_sides_and_grey_values() -> None:
    grey = tiles()[0]
    assert (grey[:, :40] == 0).all()
    assert (grey[:, 40:] == 200).all()


def test_masks_are_white_on_black_where_they_belong() -> None:
    _, truth, prediction, _ = tiles()
    expected = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    expected[2:8, 5:15] = 255
    assert np.array_equal(truth, expected)
    assert np.array_equal(prediction, np.roll(expected, 3, axis=1))


def test_contours() -> None:
    both = tiles()[3]
    assert tuple(both[4, 5]) == TRUTH_COLOUR
    assert tuple(both[4, 17]) == PREDICTION_COLOUR
    assert tuple(both[2, 10]) == AGREEMENT_COLOUR
    assert tuple(both[4, 10]) == (0, 0, 0)
    assert tuple(both[20, 45]) == (200, 200, 200)


def test_large_image_is_scaled_down_with_its_sides() -> None:
    grey, truth, _, _ = tiles(tile_px=25)
    assert grey.shape == (15, 25, 3)
    assert grey[7, 2, 0] == 0
    assert grey[7, 23, 0] == 200
    assert (truth[1:4, 3:7] == 255).all()
    assert (truth[:, 10:] == 0).all()


def test_single_pixel_survives_scaling() -> None:
    label = np.zeros((64, 64), np.uint8)
    label[33, 50] = 1
    panel = draw_comparison(label, label, label * 0, caption="", tile_px=8)
    truth = np.asarray(panel)[BAR_PX:, 8 + GAP_PX : 16 + GAP_PX, 0]
    assert np.argwhere(truth).tolist() == [[4, 6]]


@pytest.mark.parametrize("shape", [(1, 1), (200, 3)])
def test_odd_shapes(shape: tuple[int, int]) -> None:
    panel = draw_comparison(*[np.ones(shape)] * 3, caption="Dice 1.000 a")
    assert panel.size == (4 * shape[1] + 3 * GAP_PX, shape[0] + BAR_PX)
