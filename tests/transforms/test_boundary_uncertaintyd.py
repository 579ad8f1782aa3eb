"""Doubtful pixels over lesion pixels."""

import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import BoundaryUncertaintyd


def doubt(values: list[float]) -> float:
    item = BoundaryUncertaintyd("pred")({"pred": MetaTensor(torch.tensor([[values]]))})
    assert type(item["boundary_uncertainty"]) is torch.Tensor
    return float(item["boundary_uncertainty"])


def test_sharp_lesion_has_none() -> None:
    assert doubt([0.99, 0.95, 0.01, 0.0]) == 0


def test_doubtful_pixels_count_against_the_lesion() -> None:
    assert doubt([0.9, 0.9, 0.6, 0.4, 0.1]) == pytest.approx(2 / 3)


def test_doubt_without_a_lesion_is_the_number_of_pixels() -> None:
    assert doubt([0.3, 0.4, 0.1]) == 2


def test_leaves_the_map_untouched() -> None:
    pred = torch.rand(1, 4, 5)
    item = BoundaryUncertaintyd("pred")({"pred": pred.clone(), "other": 1})
    assert torch.equal(item["pred"], pred)
    assert item["other"] == 1


def test_doubtful_is_from_0_2_to_0_8() -> None:
    assert doubt([0.9, 0.81, 0.79, 0.21, 0.19]) == pytest.approx(2 / 3)
