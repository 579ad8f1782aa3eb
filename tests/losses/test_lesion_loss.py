"""The loss on maps of 4 x 4 against sums written out."""

import math

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from pipeline.losses import LesionLoss

LOGITS = torch.linspace(-3, 3, 32).reshape(2, 1, 4, 4)
MASK = torch.zeros(2, 1, 4, 4)
MASK[0, 0, 1:3, 1:4] = 1


def test_one_channel_is_smoothed_dice_and_cross_entropy() -> None:
    probability = torch.sigmoid(LOGITS)
    overlap = (probability * MASK).sum(dim=(1, 2, 3))
    areas = (probability + MASK).sum(dim=(1, 2, 3))
    dice = 1 - (2 * overlap + 10) / (areas + 10)
    expected = dice[0] + binary_cross_entropy_with_logits(LOGITS[0], MASK[0])
    assert float(LesionLoss(smooth=10)(LOGITS, MASK)) == pytest.approx(float(expected), abs=1e-6)


def test_an_image_without_a_lesion_says_nothing_of_outlines() -> None:
    logits = LOGITS.clone().requires_grad_()
    LesionLoss()(logits, MASK).backward()
    assert logits.grad[0].all()
    assert not logits.grad[1].any()
    loss = LesionLoss()(logits, torch.zeros_like(MASK))
    loss.backward()
    assert float(loss.detach()) == 0


def test_another_loss_takes_the_place_of_the_first_channel_alone() -> None:
    malignant = 5 - LOGITS
    pred, label = torch.cat([LOGITS, malignant], dim=1), torch.cat([MASK, MASK], dim=1)
    squares = LesionLoss(malignancy=0.5, lesion=torch.nn.MSELoss())
    expected = ((LOGITS[0] - MASK[0]) ** 2).mean() + 0.5 * compute_malignancy_term(malignant, MASK)
    assert float(squares(pred, label)) == pytest.approx(float(expected), abs=1e-6)


def compute_malignancy_term(malignant: torch.Tensor, truth: torch.Tensor) -> float:
    pred = torch.cat([LOGITS, malignant], dim=1)
    label = torch.cat([MASK, truth], dim=1)
    weighted = LesionLoss(malignancy=0.5)(pred, label) - LesionLoss(malignancy=0)(pred, label)
    return float(weighted) / 0.5


def test_malignancy_is_asked_for_inside_the_lesion() -> None:
    logits = torch.full((2, 1, 4, 4), 1.0)
    logits[0, 0, 0] = 50.0
    assert compute_malignancy_term(logits, MASK) == pytest.approx(
        -float(logsigmoid(torch.tensor(1.0))), abs=1e-5
    )


def test_each_lesion_has_the_same_weight() -> None:
    mask = MASK.clone()
    mask[1, 0, 0, 0] = 1
    logits = torch.zeros(2, 1, 4, 4)
    logits[1] = 2.0
    label = torch.cat([mask, mask * torch.tensor([1.0, 0.0]).reshape(2, 1, 1, 1)], dim=1)
    pred = torch.cat([LOGITS, logits], dim=1)
    term = LesionLoss(malignancy=1)(pred, label) - LesionLoss(malignancy=0)(pred, label)
    expected = (math.log(2) + math.log(1 + math.exp(2))) / 2
    assert float(term) == pytest.approx(expected, abs=1e-5)


def test_unknown_pathology_is_not_asked_for() -> None:
    assert compute_malignancy_term(torch.ones(2, 1, 4, 4), torch.full((2, 1, 4, 4), -1.0)) == 0


def test_second_channel_does_not_reach_the_first() -> None:
    pred = torch.cat([LOGITS, LOGITS], dim=1).requires_grad_()
    label = torch.cat([MASK, MASK], dim=1)
    LesionLoss()(pred, label).backward()
    both = pred.grad[:, 0].clone()
    alone = LOGITS.clone().requires_grad_()
    LesionLoss()(alone, MASK).backward()
    assert torch.allclose(both, alone.grad[:, 0])


def test_third_channel_learns_nothing() -> None:
    pred = torch.cat([LOGITS, LOGITS, LOGITS], dim=1).requires_grad_()
    LesionLoss()(pred, torch.cat([MASK, MASK], dim=1)).backward()
    assert not pred.grad[:, 2].any()
    assert pred.grad[:, :2].any()


def test_a_batch_that_asks_nothing_can_be_trained_on() -> None:
    pred = torch.full((1, 3, 4, 4), -9.0, requires_grad=True)
    label = torch.tensor([0.0, -1.0]).reshape(1, 2, 1, 1).expand(1, 2, 4, 4)
    loss = LesionLoss()(pred, label)
    loss.backward()
    assert float(loss.detach()) == 0
