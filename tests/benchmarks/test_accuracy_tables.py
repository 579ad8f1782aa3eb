"""What is made of the rows of a cross-validation, on rows that are written out here."""

import csv
import math
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import accuracy_tables  # noqa: E402
from accuracy_tables import (  # noqa: E402
    RECIPES,
    choose_operating_point,
    choose_recipe,
    drop_older,
    fit_malignancy_scale,
    format_tables,
    read_rows,
    summarise_folds,
)


def make_row(**values: Any) -> dict[str, Any]:
    row = {
        "run": "fold-0",
        "recipe": "8 epochs",
        "list": "test",
        "id": "a",
        "group": "a",
        "source": "busi",
        "pathology": "benign",
        "dice": 0.8,
        "iou": 0.7,
        "hd95_px": 3.0,
        "assd_px": 1.0,
        "precision": 0.8,
        "recall": 0.8,
        "lesion_px": 100,
        "pred_px": 100,
        "overlap_px": 80,
        "false_lesions": 0,
        "probability": 0.9,
        "outline_doubt": 0.1,
        "malignancy": 0.5,
        "device": "",
        "image_px": 10_000,
        "normal": False,
        "part": False,
    }
    return {**row, **values}


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


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two folds: the point of each is chosen on the normal images of the other."""
    rows = []
    for fold, quiet in ((0, 0.3), (1, 0.6)):
        run = f"fold-{fold}"
        for number in range(40):
            rows.append(
                make_row(
                    run=run,
                    id=f"{fold}-{number}",
                    group=f"{fold}-{number}",
                    probability=0.95 if number else 0.5,
                    malignancy=0.7 if number % 2 else 0.3,
                    pathology="malignant" if number % 4 == 1 else "benign",
                )
            )
        normal = make_row(run=run, id=f"{fold}-n", group=f"{fold}-n", probability=quiet)
        rows.append({**normal, "lesion_px": 0, "dice": "", "iou": "", "pathology": "normal"})
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name not in ("normal", "part")])
        writer.writeheader()
        writer.writerows({k: v for k, v in row.items() if k in writer.fieldnames} for row in rows)
    return path


def test_point_of_a_fold_is_chosen_on_the_others(table: Path) -> None:
    rows = {row["id"]: row for row in read_rows(table)}
    # Fold 0 gets 0.61, which costs its lesion of 0.5; fold 1 gets 0.31.
    assert not rows["0-0"]["kept"]
    assert rows["1-0"]["kept"]
    assert not rows["0-n"]["kept"]
    assert rows["1-n"]["kept"]


def test_summary_counts_what_the_point_discards_as_missed(table: Path) -> None:
    summary = summarise_folds(read_rows(table))
    assert summary["split"] == "cross-validation, 2 of 5 folds"
    assert summary["images"] == 82
    assert summary["lesion"]["missed"] == 1
    assert summary["lesion"]["dice"]["mean"] == pytest.approx(0.8 * 79 / 80)
    assert summary["normal"]["with_false_lesion"] == 1


def test_recipe_is_the_newest_that_folds_were_run_with() -> None:
    rows = [make_row(run=run) for run in ("fold-0", "fold-1")]
    new = make_row(run="fold-0", recipe="16 epochs")
    unseen = make_row(run="without-busi", recipe=RECIPES[-1])
    assert choose_recipe([*rows, new, unseen]) == [new]


@pytest.mark.parametrize(("recipe", "kept"), [("8 epochs", False), ("16 epochs", True)])
def test_point_of_an_unseen_set_is_chosen_on_folds_of_its_recipe(
    table: Path, recipe: str, kept: bool
) -> None:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    # The normal images are at 0.3 and 0.6 in the recipe of 8 epochs, and at 0.1 in that of 16.
    newer = [{**row, "recipe": "16 epochs"} for row in rows]
    for row in newer:
        row["probability"] = row["probability"] if row["dice"] else 0.1
    unseen = {**rows[0], "run": "without-busbra", "source": "busbra", "recipe": recipe}
    unseen |= {"id": "new", "probability": 0.4}
    with table.open("a", newline="") as file:
        csv.DictWriter(file, list(rows[0])).writerows([*newer, unseen])
    found = {row["id"]: row["kept"] for row in read_rows(table)}
    assert found["new"] is kept


def test_point_of_a_new_recipe_is_chosen_on_its_own_folds_if_there_are_any(table: Path) -> None:
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    newer = [{**row, "recipe": "16 epochs"} for row in rows if row["run"] == "fold-1"]
    newer[-1]["probability"] = 0.1  # the normal image, which is at 0.6 in the older recipe
    lesion = {**rows[0], "recipe": "16 epochs", "id": "new", "probability": 0.3}
    normal = {**rows[40], "recipe": "16 epochs"}
    with table.open("a", newline="") as file:
        csv.DictWriter(file, list(rows[0])).writerows([*newer, lesion, normal])
    kept = {(row["id"], row["recipe"]): row["kept"] for row in read_rows(table)}
    assert kept["new", "16 epochs"]
    assert not kept["0-0", "8 epochs"]


def test_summary_is_of_the_present_recipe_alone(table: Path) -> None:
    rows = read_rows(table)
    newer = [{**row, "recipe": "16 epochs"} for row in rows if row["run"] == "fold-1"]
    assert summarise_folds([*rows, *newer])["split"] == "cross-validation, 1 of 5 folds"
    assert summarise_folds([*rows, *newer])["images"] == 41


def test_older_recipes_are_dropped_of_the_folds_and_of_each_set_left_out() -> None:
    kept = [
        make_row(run="fold-1", recipe="16 epochs"),
        make_row(run="without-busi", recipe="8 epochs"),
        make_row(run="without-busbra", recipe="16 epochs"),
    ]
    older = [make_row(run="fold-0"), make_row(run="without-busbra", source="busbra")]
    assert drop_older([*kept, *older]) == kept


def test_a_set_left_out_counts_once_and_is_compared_with_the_recipe_before() -> None:
    run = {"run": "without-busi", "kept": True}
    old = [make_row(**run, id=str(number), group=str(number), dice=0.7) for number in range(10)]
    new = [{**row, "recipe": "16 epochs", "dice": 0.9, "malignancy": 0.1} for row in old]
    rows = [make_row(source=source, kept=True) for source in ("busi", "busbra")] + old + new
    page = format_tables(rows, rows)
    assert "| the other one | BUSI | 0 | 10 |  | 0 of 10 (0.0%) |" in page
    assert (
        "| without-busi | 0.900 (16 epochs) | 0.700 (8 epochs) | 0.200 (0.200 to 0.200) |" in page
    )


def test_page_and_summary_are_those_of_the_rows() -> None:
    page = accuracy_tables.PAGE.read_text(encoding="utf-8")
    rows, raw = accuracy_tables.read_rows(), accuracy_tables.read_raw_rows()
    assert accuracy_tables.format_tables(rows, raw) in page


def test_no_group_is_in_two_folds() -> None:
    raw = accuracy_tables.read_raw_rows()
    folds: dict[str, set[str]] = {}
    for row in raw:
        if row["run"].startswith("fold-"):
            folds.setdefault(row["group"], set()).add(row["run"])
    assert all(len(runs) == 1 for runs in folds.values())
