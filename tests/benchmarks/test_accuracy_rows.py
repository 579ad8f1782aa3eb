"""Which rows of a cross-validation count, and what is applied to them."""

import csv
from pathlib import Path

import pytest
from accuracy_row import make_row
from accuracy_rows import (
    RECIPES,
    choose_recipe,
    drop_older,
    read_raw_rows,
    read_rows,
)


def test_point_of_a_fold_is_chosen_on_the_others(table: Path) -> None:
    rows = {row["id"]: row for row in read_rows(table)}
    # Fold 0 gets 0.61, which costs its lesion of 0.5; fold 1 gets 0.31.
    assert not rows["0-0"]["kept"]
    assert rows["1-0"]["kept"]
    assert not rows["0-n"]["kept"]
    assert rows["1-n"]["kept"]


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


def test_older_recipes_are_dropped_of_the_folds_and_of_each_set_left_out() -> None:
    kept = [
        make_row(run="fold-1", recipe="16 epochs"),
        make_row(run="without-busi", recipe="8 epochs"),
        make_row(run="without-busbra", recipe="16 epochs"),
    ]
    older = [make_row(run="fold-0"), make_row(run="without-busbra", source="busbra")]
    assert drop_older([*kept, *older]) == kept


def test_no_group_is_in_two_folds() -> None:
    raw = read_raw_rows()
    folds: dict[str, set[str]] = {}
    for row in raw:
        if row["run"].startswith("fold-"):
            folds.setdefault(row["group"], set()).add(row["run"])
    assert all(len(runs) == 1 for runs in folds.values())
