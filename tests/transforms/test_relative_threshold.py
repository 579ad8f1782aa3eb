"""A border at a share of the image's probability; maps are 1 x 1 x 4."""

import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import RelativeThreshold, RelativeThresholdd

MAP = torch.tensor([[[0.05, 0.2, 0.3, 0.5]]])


@pytest.mark.parametrize(
    ("probability", "threshold", "mask"),
    [
        (1.0, 0.5, [0, 0, 0, 1]),
        (0.5, 0.5, [0, 0, 1, 1]),
        (0.5, 0.4, [0, 1, 1, 1]),
        (0.1, 0.5, [1, 1, 1, 1]),
    ],
)
def test_border(probability: float, threshold: float, mask: list[int]) -> None:
    item = {"pred": MAP, "lesion_probability": torch.tensor(probability)}
    result = RelativeThresholdd("pred", threshold=threshold)(item)["pred"]
    assert result.tolist() == [[mask]]
    assert result.dtype == torch.uint8
    assert torch.equal(RelativeThreshold(threshold)(MAP, probability), result)


def test_meta_of_the_map_stays() -> None:
    item = {"pred": MetaTensor(MAP, meta={"a": 1}), "lesion_probability": torch.tensor(1.0)}
    assert RelativeThresholdd("pred")(item)["pred"].meta["a"] == 1


def test_map_is_kept_if_asked_for() -> None:
    item = {"pred": MAP, "lesion_probability": torch.tensor(1.0)}
    result = RelativeThresholdd("pred", map_key="probability")(item)
    assert result["probability"] is MAP
    assert "probability" not in RelativeThresholdd("pred")(item)


def test_probability_is_needed() -> None:
    with pytest.raises(KeyError):
        RelativeThresholdd("pred")({"pred": MAP})
