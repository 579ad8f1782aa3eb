"""What is applied to the rows of `accuracy.py`."""

from pathlib import Path

import pytest
from accuracy_choices import choose_point, fit_presence_scale
from accuracy_row import make_row
from accuracy_rows import is_missed, left_out, read_raw_rows, read_rows


def test_numbers_are_numbers_and_images_have_their_kind(table: Path) -> None:
    rows = {row["id"]: row for row in read_raw_rows(table)}
    lesion, normal = rows["busi/0"], rows["busi/n0"]
    assert (lesion["dice"], lesion["depth"], lesion["lesion_px"]) == (0.8, 0.3, 100)
    assert (normal["dice"], normal["depth"], normal["normal"]) == (None, None, True)
    assert not normal["part"]


@pytest.mark.parametrize(("source", "other"), [("busi", "breast"), ("breast", "busi")])
def test_scale_and_point_are_those_of_other_hospitals(table: Path, source: str, other: str) -> None:
    others = [row for row in read_raw_rows(table) if row["source"] == other]
    scale = fit_presence_scale(others)
    scaled = [{**row, "probability": scale.scale(row["probability"])} for row in others]
    point = choose_point(scaled)
    raw = {row["id"]: row for row in read_raw_rows(table)}
    mine = [row for row in read_rows(table) if row["source"] == source]
    assert mine
    for row in mine:
        probability = scale.scale(raw[row["id"]]["probability"])
        assert row["probability"] == pytest.approx(probability)
        assert row["kept"] == (probability >= point)


def test_a_lesion_is_missed_below_a_dice_of_a_tenth_or_the_point() -> None:
    assert is_missed(make_row(kept=False))
    assert is_missed(make_row(kept=True, dice=0.09))
    assert not is_missed(make_row(kept=True, dice=0.1))


@pytest.mark.parametrize(
    ("run", "hospital"),
    [("without-busi", "busi"), ("without-busbra-1", "busbra"), ("device-toshiba", "")],
)
def test_hospital_that_a_run_has_not_seen(run: str, hospital: str) -> None:
    assert left_out(run) == hospital


def test_rows_of_a_hospital_left_out_are_all_of_it() -> None:
    for row in read_raw_rows():
        assert left_out(row["run"]) in ("", row["source"])
