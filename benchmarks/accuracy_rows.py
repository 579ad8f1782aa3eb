"""The rows of `accuracy.py`: one for each run and image.

Operating point and scales are never chosen on the rows that they are reported with: those of a run
without a hospital come from the runs without the other hospitals, those of all other runs from all
runs without a hospital (see `accuracy_choices.py`).
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from accuracy_choices import (
    Row,
    apply_scale,
    choose_point,
    fit_malignancy_scale,
    fit_presence_scale,
)

ROWS = Path(__file__).resolve().parents[1] / "bundle" / "evaluation" / "left_out.csv"

RECIPE = "lesions alone, 6 epochs with artefacts and grey curves, high last rate, presence fitted"
"""What `configs/train.json` is; a change of it that matters gets a new name here."""

HOSPITALS = {"busi": "BUSI", "busbra": "BUS-BRA", "breast": "BrEaST"}
"""Sources of images; each is of one hospital or one group of them."""

MISSED = 0.1
"""Dice below which a lesion is missed: what is marked, if anything, is something else."""

FEW = 10
"""Normal images from which on they speak for a hospital."""

AXILLA = frozenset(
    [f"busi/benign_{n:03d}" for n in (199, 205, 207, 210, 223, 225, 228, 235, 236, 243, 247, 248)]
    + [f"busi/benign_{n:03d}" for n in (256, 257, 262, 292, 293, 294, 298, 306)]
    + [f"busi/malignant_{n:03d}" for n in (11, 12, 13, 109, 110, 113, 148)]
)
"""Images of BUSI that are of the axilla, by the text in them."""


def read_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers, with point and scales of other hospitals applied.

    Args:
        path: the table.

    Returns:
        Rows with `kept`, whether the image reaches the operating point, beside the columns.
    """
    rows = read_raw_rows(path)
    raw = [dict(row) for row in rows]
    for run in sorted({row["run"] for row in rows}):
        others = [row for row in raw if is_left_out(row) and row["source"] != left_out(run)]
        if not others:
            others = [row for row in raw if is_left_out(row)]
        scale = fit_presence_scale(others)
        point = choose_point(apply_scale(others, scale))
        malignancy = fit_malignancy_scale(others)
        for row in rows:
            if row["run"] != run:
                continue
            row["probability"] = scale.scale(row["probability"])
            row["kept"] = bool(row["pred_px"]) and row["probability"] >= point
            if row["malignancy"] is not None:
                row["malignancy"] = malignancy.scale(row["malignancy"])
    return rows


def read_raw_rows(path: Path = ROWS) -> list[Row]:
    """Read the rows, numbers as numbers, as the networks gave them.

    Args:
        path: the table.
    """
    with path.open(newline="") as file:
        rows: list[Row] = list(csv.DictReader(file))
    for row in rows:
        for name in ("dice", "iou", "depth", "malignancy"):
            row[name] = float(row[name]) if row[name] else None
        for name in ("lesion_px", "pred_px", "image_px"):
            row[name] = int(row[name])
        row["probability"] = float(row["probability"])
        row["normal"] = row["list"] == "test" and not row["lesion_px"]
        row["part"] = row["list"] == "lesion_free"
    return rows


def left_out(run: str) -> str:
    """Name the hospital that a run has not trained on, `""` if it has trained on each.

    Examples:
        >>> left_out("without-busi-1"), left_out("fold-0")
        ('busi', '')
    """
    kind, _, rest = run.partition("-")
    return rest.split("-")[0] if kind == "without" else ""


def is_left_out(row: Row) -> bool:
    """Return whether a row is of a hospital that its network has not trained on."""
    return bool(left_out(row["run"]))


def list_lesion_free(rows: Sequence[Row]) -> list[Row]:
    """List what shows no lesion: normal images, or the parts beside lesions if those are few."""
    normals = [row for row in rows if row["normal"]]
    return normals if len(normals) >= FEW else [row for row in rows if row["part"]]


def is_missed(row: Row) -> bool:
    """Return whether the lesion of a row is missed, at the operating point."""
    return not row["kept"] or row["dice"] < MISSED
