"""The rows of a cross-validation: one for each image and run (see `accuracy.py`).

The present recipe is the last one of `RECIPES` that folds were run with; rows of older ones stay
for comparison. The operating point and the scale of malignancy are chosen anew for each fold on
the rows of the four others (of an older recipe while there are none of its own), and for a data set
that was left out on the rows of the other one (see `accuracy_choices.py`).
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from accuracy_choices import Row, choose_operating_point, fit_malignancy_scale

ROWS = Path(__file__).resolve().parents[1] / "bundle" / "evaluation" / "cross_validation.csv"

RECIPES = (
    "8 epochs",
    "16 epochs",
    "16 epochs, lesions covered",
    "28 epochs, lesions covered, artefacts",
    "28 epochs, lesions covered, artefacts, own statistics",
)
"""What the configs were, oldest first; a change of them that matters gets a new name here."""

SOURCES = {"busi": "BUSI", "busbra": "BUS-BRA"}


def read_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers, with operating point and scale of other rows applied."""
    rows = read_raw_rows(path)
    raw = [dict(row) for row in rows]
    for run, recipe in sorted({(row["run"], row["recipe"]) for row in rows}):
        others = _choose_others(raw, run, recipe)
        point, scale = choose_operating_point(others), fit_malignancy_scale(others)
        for row in rows:
            if (row["run"], row["recipe"]) == (run, recipe):
                row["kept"] = row["probability"] >= point
                if row["malignancy"] is not None:
                    row["malignancy"] = scale.scale(row["malignancy"])
    return rows


def _choose_others(rows: Sequence[Row], run: str, recipe: str) -> list[Row]:
    """Choose rows of folds that have no image of a run's test list, and no later recipe."""
    left_out = run.removeprefix("without-")
    others = [row for row in rows if row["run"] != run and row["source"] != left_out]
    known = RECIPES[: RECIPES.index(recipe) + 1]
    return choose_recipe([row for row in others if row["recipe"] in known])


def read_raw_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers."""
    with path.open(newline="") as file:
        rows: list[Row] = list(csv.DictReader(file))
    for row in rows:
        row["dice"] = float(row["dice"]) if row["dice"] else None
        for name in ("lesion_px", "pred_px", "image_px"):
            row[name] = int(row[name])
        row["probability"] = float(row["probability"])
        row["malignancy"] = float(row["malignancy"]) if row["malignancy"] else None
        row["normal"] = row["list"] == "test" and not row["lesion_px"]
        row["part"] = row["list"] == "lesion_free"
    return rows


def choose_recipe(rows: Sequence[Row]) -> list[Row]:
    """Choose the rows of the folds that have been run with the newest recipe."""
    return [row for row in drop_older(rows) if name_kind(row) == "folds"]


def drop_older(rows: Sequence[Row]) -> list[Row]:
    """Drop what a newer recipe has been run for: all older folds, older runs without a data set."""
    newest: dict[str, int] = {}
    for row in rows:
        kind = name_kind(row)
        newest[kind] = max(newest.get(kind, 0), RECIPES.index(row["recipe"]))
    return [row for row in rows if RECIPES.index(row["recipe"]) == newest[name_kind(row)]]


def name_kind(row: Row) -> str:
    """Name what a run is one of: all folds are of one kind."""
    return "folds" if row["run"].startswith("fold-") else str(row["run"])


def list_recipes(rows: Sequence[Row]) -> list[str]:
    """List the recipes of rows, newest first."""
    return sorted({row["recipe"] for row in rows}, key=RECIPES.index, reverse=True)
