import pytest
import torch

from pipeline.transforms import DiscardUnlikelyd

MASK = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])


def discard(probability: float, threshold: float) -> torch.Tensor:
    item = {"pred": MASK, "lesion_probability": torch.tensor(probability)}
    return DiscardUnlikelyd("pred", threshold=threshold)(item)["pred"]


def test_unlikely_mask_is_cleared() -> None:
    assert torch.equal(discard(0.49, 0.5), torch.zeros(1, 2, 2))


@pytest.mark.parametrize("probability", [0.5, 0.9])
def test_likely_mask_stays(probability: float) -> None:
    assert torch.equal(discard(probability, 0.5), MASK)


def test_threshold_0_keeps_every_mask() -> None:
    assert torch.equal(discard(0.0, 0), MASK)


def test_other_keys_are_untouched() -> None:
    item = {"pred": MASK, "probability": MASK / 2, "lesion_probability": torch.tensor(0.1)}
    result = DiscardUnlikelyd("pred", threshold=0.5)(item)
    assert torch.equal(result["probability"], MASK / 2)


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_threshold_out_of_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="expected a threshold from 0 to 1"):
        DiscardUnlikelyd("pred", threshold=threshold)
