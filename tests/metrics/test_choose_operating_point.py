"""Operating points of images that are written out here."""

import pytest

from pipeline.metrics.choose_operating_point import choose_operating_point

FEW = [(0.3, 0.8), (0.5, 0.8), *[(0.9, 0.8)] * 98]


@pytest.mark.parametrize(("silenced", "point"), [(0.0, 0.3), (0.01, 0.5), (0.02, 0.9)])
def test_is_the_highest_that_silences_no_more_than_it_may(silenced: float, point: float) -> None:
    assert choose_operating_point({"a": FEW}, silenced) == point


def test_each_source_has_the_same_weight() -> None:
    scores = {"many": [(0.9, 0.8)] * 1000, "few": [(0.2, 0.8), *[(0.9, 0.8)] * 9]}
    assert choose_operating_point(scores, 0.04) == 0.2  # a tenth of one of two sources
    assert choose_operating_point(scores, 0.05) == 0.9


def test_silence_loses_nothing_where_something_else_was_marked() -> None:
    assert choose_operating_point({"a": [(0.1, 0.05)] * 50 + [(0.7, 0.8)] * 50}, 0.0) == 0.7


def test_without_a_lesion_everything_is_shown() -> None:
    assert choose_operating_point({}) == choose_operating_point({"a": []}) == 0


def test_three_lesions_in_a_hundred_may_be_silenced_by_default() -> None:
    lesions = {"a": [(number / 100, 0.8) for number in range(100)]}
    assert choose_operating_point(lesions) == choose_operating_point(lesions, 0.03) == 0.03
    assert choose_operating_point(lesions, 0.04) == 0.04
