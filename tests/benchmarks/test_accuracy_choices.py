"""What is chosen on rows of hospitals that were left out, which are written out here."""

import math
from typing import Any

import pytest
from accuracy_choices import choose_point, fit_malignancy_scale, fit_presence_scale
from accuracy_row import make_row


def make_lesions(probabilities: list[float], **facts: Any) -> list[dict[str, Any]]:
    return [make_row(probability=value, **facts) for value in probabilities]


def test_point_gives_each_hospital_the_same_weight_and_leaves_out_what_has_no_lesion() -> None:
    rows = make_lesions([0.9] * 1000) + make_lesions([0.2, *[0.9] * 9], source="breast")
    rows += make_lesions([0.1] * 99, lesion_px=0, dice=None, normal=True)
    assert choose_point(rows, 0.04) == 0.2
    assert choose_point(rows, 0.05) == 0.9


def spread(told: float, share: float, count: int, **facts: Any) -> list[dict[str, Any]]:
    """Make images that are given one probability, a share of them with a lesion."""
    positive = round(count * share)
    free = {"lesion_px": 0, "dice": None, "normal": True}
    rows = [make_row(probability=told, **facts)] * positive
    return rows + [make_row(probability=told, **free, **facts)] * (count - positive)


def test_presence_is_that_of_an_image_as_likely_with_a_lesion_as_without() -> None:
    """Ten times as many images with a lesion, in the set, do not make a lesion more likely."""
    rows = []
    for told in (0.3, 0.5, 0.7):
        rows += [make_row(probability=told)] * round(10_000 * told)
        free = make_row(probability=told, lesion_px=0, dice=None, normal=True)
        rows += [free] * round(1000 * (1 - told))
    scale = fit_presence_scale(rows)
    assert scale.slope == pytest.approx(1, abs=0.02)
    assert scale.offset == pytest.approx(0, abs=0.02)


def test_presence_leaves_out_what_is_outlined_beside_a_lesion() -> None:
    rows = spread(0.4, 0.5, 100) + spread(0.8, 0.5, 100)
    beside = [make_row(probability=0.99, dice=0.0)] * 500
    silent = [make_row(probability=0.0, pred_px=0)] * 500
    assert fit_presence_scale(rows + beside + silent) == fit_presence_scale(rows)


def test_malignancy_finds_the_numbers_that_made_the_truth() -> None:
    """Of 1000 lesions told m, the share sigmoid(2 logit(m) - 0.5) is malignant."""
    rows = []
    for told in (0.2, 0.35, 0.5, 0.65, 0.8):
        logit = 2 * math.log(told / (1 - told)) - 0.5
        share = round(1000 / (1 + math.exp(-logit)))
        for number in range(1000):
            kind = "malignant" if number < share else "benign"
            rows.append(make_row(malignancy=told, pathology=kind))
    scale = fit_malignancy_scale([*rows, make_row(pathology="unknown"), make_row(malignancy=None)])
    assert scale.slope == pytest.approx(2, abs=0.02)
    assert scale.offset == pytest.approx(-0.5, abs=0.02)
