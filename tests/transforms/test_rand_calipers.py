"""Random calipers; images are 1 x 120 x 200, grey 60."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from pipeline.transforms import RandCalipers

IMAGE = torch.full((1, 120, 200), 60.0)


def apply(seed: int = 0, image: torch.Tensor = IMAGE, **options) -> torch.Tensor:
    transform = RandCalipers(**{"prob": 1.0, **options})
    transform.set_random_state(seed=seed)
    return transform(image)


def find_crosses(marks: np.ndarray) -> np.ndarray:
    """Middles of the parts of more than one pixel, shape (N, 2)."""
    parts, number = ndimage.label(marks, structure=np.ones((3, 3)))
    sizes = ndimage.sum(marks, parts, range(1, number + 1))
    chosen = [index + 1 for index, size in enumerate(sizes) if size > 4]
    return np.array(ndimage.center_of_mass(marks, parts, chosen)).reshape(-1, 2)


def test_marks_are_crosses_at_the_ends_of_axes_at_right_angles() -> None:
    pairs = 0
    for seed in range(40):
        marks = (apply(seed, length=(0.4, 0.4), arm=(2, 2))[0] != 60).numpy()
        crosses = find_crosses(marks)
        if len(crosses) != 4 or marks[[0, -1]].any() or marks[:, [0, -1]].any():
            continue
        pairs += 1
        middle = crosses.mean(axis=0)
        arms = crosses - middle
        lengths = 2 * np.hypot(*arms.T)
        first = arms[lengths.argmax()]
        second = arms[np.abs(arms @ first).argmin()]
        assert abs(lengths.max() - 48) < 2  # 0.4 of 120 rows
        assert abs(first @ second) / np.hypot(*first) / np.hypot(*second) < 0.1
    assert pairs > 5


def test_marks_have_one_grey_value_and_the_rest_stays() -> None:
    for seed in range(20):
        image = apply(seed, grey=(200.0, 220.0))
        values = image.unique()
        assert len(values) == 2
        assert 200 <= values[1] <= 220
        assert (image != 60).sum() < 300


def test_marks_beyond_the_border_are_left_out() -> None:
    small = torch.full((1, 12, 12), 60.0)
    shapes = {apply(seed, small, length=(2.0, 2.0)).shape for seed in range(30)}
    assert shapes == {small.shape}


def test_lines_are_dotted_or_not_there() -> None:
    dotted = 0
    for seed in range(40):
        marks = (apply(seed, length=(0.5, 0.5))[0] != 60).numpy()
        parts, number = ndimage.label(marks, structure=np.ones((3, 3)))
        sizes = ndimage.sum(marks, parts, range(1, number + 1))
        dotted += (np.asarray(sizes) == 1).sum() > 3
    assert 10 < dotted < 30


@pytest.mark.parametrize("options", [{"length": (0.5, 0.1)}, {"arm": (-1, 2)}])
def test_options_out_of_range(options: dict) -> None:
    with pytest.raises(ValueError, match="expected ranges with 0 <= low <= high"):
        RandCalipers(**options)
