"""What is chosen on the rows of a cross-validation, which are written out here."""

import math
from typing import Any

import pytest
from accuracy_choices import choose_operating_point, fit_malignancy_scale
from accuracy_row import make_row


def make_lesions(probabilities: list[float]) -> list[dict[str, Any]]:
    return [make_row(probability=value) for value in probabilities]


def make_normals(probabilities: list[float], kind: str = "normal") -> list[dict[str, Any]]:
    facts = {"lesion_px": 0, "dice": None, kind: True}
    return [make_row(probability=value, **facts) for value in probabilities]


class TestOperatingPoint:
    """A normal image of ten that is marked is as bad as 3 of 100 lesions that are missed."""

    def test_silences_normals_that_cost_no_lesion(self) -> None:
        normals = make_normals([0.05] * 8 + [0.4, 0.6])
        assert choose_operating_point(make_lesions([0.9] * 100) + normals) == 0.61

    def test_two_lesions_of_100_are_given_for_a_normal_of_10(self) -> None:
        lesions = make_lesions([0.9] * 98 + [0.2, 0.3])
        assert choose_operating_point(lesions + make_normals([0.5] + [0.0] * 9)) == 0.51

    def test_four_are_not(self) -> None:
        lesions = make_lesions([0.9] * 96 + [0.2, 0.25, 0.3, 0.35])
        assert choose_operating_point(lesions + make_normals([0.5] + [0.0] * 9)) == 0.01

    def test_more_silence_than_aimed_at_is_worth_no_more_misses(self) -> None:
        lesions = make_lesions([0.9] * 96 + [0.3])
        lesions += [{**row, "pred_px": 0} for row in make_lesions([0.9] * 3)]
        assert choose_operating_point(lesions + make_normals([0.5] + [0.0] * 9)) == 0.01

    def test_parts_take_the_place_of_normals(self) -> None:
        rows = make_lesions([0.9] * 100) + make_normals([0.7] * 2 + [0.0] * 8, "part")
        assert choose_operating_point(rows) == 0.71

    def test_of_equal_points_the_one_that_marks_fewest_parts_is_taken(self) -> None:
        rows = make_lesions([0.9] * 100) + make_normals([0.3] + [0.0] * 4)
        assert choose_operating_point(rows) == 0.31
        assert choose_operating_point(rows + make_normals([0.2, 0.6, 0.95], "part")) == 0.61

    def test_silent_normals_need_no_point(self) -> None:
        normals = [{**row, "pred_px": 0} for row in make_normals([0.9] * 5)]
        assert choose_operating_point(make_lesions([0.9] * 10) + normals) == 0


def test_scale_finds_the_numbers_that_made_the_truth() -> None:
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
