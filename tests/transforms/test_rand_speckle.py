"""Random speckle; images are 1 x 200 x 200, grey 100, with a black column."""

import numpy as np
import pytest
import torch

from pipeline.transforms import RandSpeckle

IMAGE = torch.full((1, 200, 200), 100.0)
IMAGE[..., 0] = 0


def apply(seed: int = 0, image: torch.Tensor = IMAGE, **options) -> torch.Tensor:
    transform = RandSpeckle(**{"prob": 1.0, **options})
    transform.set_random_state(seed=seed)
    return transform(image)


def measure_size(factor: np.ndarray, axis: int) -> float:
    """Standard deviation of the smoothing, from the correlation of neighbours."""
    correlation = np.mean(factor * np.roll(factor, 1, axis)) / np.mean(factor**2)
    # Gaussian noise smoothed with sigma has the correlation exp(-1 / (4 sigma²)) at 1 px.
    return float(np.sqrt(-1 / (4 * np.log(correlation))))


def test_grain_has_the_strength_and_the_size_along_each_axis() -> None:
    result = apply(size_x=(3, 3), size_y=(1.5, 1.5), strength=(0.1, 0.1))
    grain = result[0, :, 1:].numpy() / 100 - 1
    assert grain.std() == pytest.approx(0.1, rel=0.02)
    assert measure_size(grain, 0) == pytest.approx(1.5, rel=0.1)
    assert measure_size(grain[:, 1:-1], 1) == pytest.approx(3, rel=0.1)


def test_grain_goes_with_the_grey_value() -> None:
    options = {"strength": (0.1, 0.1)}
    bright, dark = apply(5, **options), apply(5, IMAGE / 2, **options)
    assert torch.allclose(bright, 2 * dark, atol=1e-3)
    assert not bright[..., 0].any()


def test_result_stays_within_0_and_255() -> None:
    results = torch.stack([apply(seed, IMAGE * 2.4, strength=(0.5, 0.6)) for seed in range(9)])
    assert results.min() >= 0
    assert results.max() <= 255


@pytest.mark.parametrize("name", ["size_x", "size_y", "strength"])
def test_options_out_of_range(name: str) -> None:
    with pytest.raises(ValueError, match="expected ranges with 0 <= low <= high"):
        RandSpeckle(**{name: (2.0, 1.0)})
