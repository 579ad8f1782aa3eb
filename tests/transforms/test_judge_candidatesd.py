"""Candidates on a mask of 3 x 6 pixels: one of four pixels on the left, one on the right."""

import numpy as np
import pytest
import torch

from pipeline.lesions import PlattScale
from pipeline.transforms import JudgeCandidatesd

MASK = torch.tensor([[[1.0, 1, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]])
PRESENCE = torch.tensor([[[0.8, 0.6, 1, 1, 1, 0.2], [0.7, 0.7, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]])


def judge(threshold: float, scale: PlattScale = PlattScale(), **more: object) -> dict:  # noqa: B008
    item = {"pred": MASK, "presence": PRESENCE, "lesion_probability": torch.tensor(0.99), **more}
    return JudgeCandidatesd("pred", threshold=threshold, scale=scale)(item)


def test_each_candidate_is_judged_by_the_mean_over_it() -> None:
    presence = judge(0)["presence"][0]
    expected = np.zeros((3, 6), np.float32)
    expected[:2, :2], expected[0, 5] = 0.7, 0.2
    assert np.allclose(presence, expected, atol=1e-6)


def test_only_what_is_improbable_is_cleared() -> None:
    item = judge(0.5)
    assert item["pred"][0].sum() == 4
    assert item["pred"][0, 0, 5] == 0
    assert torch.equal(item["suppressed"], (MASK > 0) & (item["pred"] == 0))
    assert 0 < item["presence"][0, 0, 5] < 0.5
    assert torch.equal(judge(0.71)["pred"], torch.zeros(1, 3, 6))


def test_a_candidate_at_the_threshold_stays() -> None:
    flat = torch.full((1, 3, 6), 0.5)
    assert torch.equal(judge(0.5, presence=flat)["pred"], MASK)


def test_probability_of_the_image_is_that_of_its_best_candidate_shown_or_not() -> None:
    assert float(judge(0)["lesion_probability"]) == pytest.approx(0.7)
    assert float(judge(1)["lesion_probability"]) == pytest.approx(0.7)


def test_nothing_outlined_is_no_lesion() -> None:
    item = judge(0, pred=MASK * 0)
    assert float(item["lesion_probability"]) == 0
    assert not item["presence"].any()


def test_scale_is_applied() -> None:
    logit = 2 * np.log(0.7 / 0.3) - 1
    expected = 1 / (1 + np.exp(-logit))
    item = judge(0, PlattScale(2.0, -1.0))
    assert float(item["lesion_probability"]) == pytest.approx(expected, abs=1e-5)


def test_a_network_without_presence_has_one_probability_for_all() -> None:
    transform = JudgeCandidatesd("pred", threshold=0.5, scale=PlattScale())
    item = {"pred": MASK, "lesion_probability": torch.tensor(0.5)}
    assert torch.equal(transform(item)["pred"], MASK)
    assert torch.equal(transform(item)["presence"], MASK * 0.5)
    item["lesion_probability"] = torch.tensor(0.49)
    assert not transform(item)["pred"].any()


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_threshold_out_of_range(threshold: float) -> None:
    with pytest.raises(ValueError, match="expected a threshold from 0 to 1"):
        JudgeCandidatesd("pred", threshold=threshold, scale=PlattScale())
