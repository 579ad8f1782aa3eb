import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import LesionProbabilityd


def measure(values: torch.Tensor, pixels: int) -> torch.Tensor:
    return LesionProbabilityd("pred", pixels=pixels)({"pred": values})["lesion_probability"]


def test_mean_of_the_highest_pixels() -> None:
    values = torch.rand(1, 20, 30, generator=torch.Generator().manual_seed(0))
    expected = np.sort(values.numpy().ravel())[-50:].mean()
    assert measure(values, 50).item() == pytest.approx(expected, abs=1e-6)


def test_place_of_the_pixels_does_not_count() -> None:
    values = torch.rand(1, 20, 30, generator=torch.Generator().manual_seed(0))
    assert torch.equal(measure(values, 50), measure(values.flip(1, 2), 50))


def test_image_of_fewer_pixels() -> None:
    assert measure(torch.tensor([[[0.2, 0.4]]]), 200).item() == pytest.approx(0.3)


def test_result_is_a_plain_scalar() -> None:
    probability = measure(MetaTensor(torch.full((1, 4, 4), 0.25)), 3)
    assert type(probability) is torch.Tensor
    assert probability.shape == ()


def test_prediction_is_untouched() -> None:
    values = torch.tensor([[[0.2, 0.4]]])
    assert LesionProbabilityd("pred")({"pred": values})["pred"] is values


def test_no_pixels() -> None:
    with pytest.raises(ValueError, match="expected at least 1 pixel, got 0"):
        LesionProbabilityd("pred", pixels=0)


def test_200_pixels_by_default() -> None:
    values = torch.zeros(1, 20, 20)
    values[0, :5] = 1  # 100 pixels
    item = LesionProbabilityd("pred")({"pred": values})
    assert item["lesion_probability"].item() == pytest.approx(0.5)
