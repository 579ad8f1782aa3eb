"""Overlays; the mask is a rectangle of 10 x 20 within 40 x 60."""

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

from pipeline.writers import PngOverlay
from pipeline.writers.result import Result

YELLOW = (255, 210, 0)
MASK = np.zeros((40, 60), bool)
MASK[10:20, 25:45] = True


def write(tmp_path, mask: np.ndarray = MASK, grey: float = 80.0) -> np.ndarray:
    image = np.full(mask.shape, grey, np.float32)
    PngOverlay(tmp_path).write(Result("x.png", None, image, mask, (), 0.5, ()))
    with Image.open(tmp_path / "overlays" / "x.png") as file:
        assert file.mode == "RGB"
        return np.asarray(file)


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


def test_large_image_has_a_wider_outline_outside_the_mask(tmp_path) -> None:
    mask = np.zeros((100, 1200), bool)
    mask[40:60, 500:700] = True
    outline = is_yellow(write(tmp_path, mask))
    assert outline[:40, 600].sum() == 2  # 1200 / 400 is 3 lines, one of them on the mask
    assert not (outline & mask).any()
