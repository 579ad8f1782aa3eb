"""Random gain along depth; images are 1 x 40 x 6, grey 100, with a black column."""

import numpy as np
import pytest
import torch

from pipeline.transforms import RandDepthGaind

IMAGE = torch.full((1, 40, 6), 100.0)
IMAGE[..., 0] = 0


def apply(seed: int = 0, image: torch.Tensor = IMAGE, **options) -> torch.Tensor:
    transform = RandDepthGaind("image", **{"prob": 1.0, **options})
    transform.set_random_state(seed=seed)
    return transform({"image": image})["image"]


def test_rows_get_one_gain_each() -> None:
    result = apply()
    assert (result[..., 1:] == result[..., 1:2]).all()
    assert len(result[0, :, 1].unique()) > 10


def test_gain_is_linear_between_knots() -> None:
    transform = RandDepthGaind("image", prob=1.0, knots=3)
    transform.set_random_state(seed=1)
    result = transform({"image": IMAGE[:, :21]})["image"][0, :, 1].numpy() - 100
    knots = result[[0, 10, 20]]
    assert np.allclose(result, np.interp(np.arange(21), [0, 10, 20], knots), atol=1e-4)


def test_gain_stays_within_the_amplitude() -> None:
    gains = torch.stack([apply(seed, amplitude=5.0) for seed in range(50)])[..., 1] - 100
    assert 4 < gains.abs().max() <= 5


def test_black_stays_black() -> None:
    assert not apply()[..., 0].any()


@pytest.mark.parametrize("grey", [3.0, 252.0])
def test_result_stays_within_0_and_255(grey: float) -> None:
    results = torch.stack([apply(seed, torch.full((1, 40, 6), grey)) for seed in range(20)])
    assert results.min() >= 0
    assert results.max() <= 255


@pytest.mark.parametrize("options", [{"knots": 1}, {"amplitude": -1.0}])
def test_options_out_of_range(options: dict) -> None:
    with pytest.raises(ValueError, match="expected knots >= 2 and amplitude >= 0"):
        RandDepthGaind("image", **options)
