"""What each part of the recipe is worth: train without it, one at a time.

    python benchmarks/ablations.py WORK [--only malignancy mirror]

WORK is that of `accuracy.py`, whose `fold-0` must be there; its test list is not looked at. Each
change is trained on the same images and scored on the validation list, without an operating point,
by the network of the last epoch. Changes of the inference alone are not trained. What is finished
in WORK is not done again. The rows go to bundle/evaluation/ablations.csv, the table to
docs/model.md.
"""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import call, take_last
from accuracy_rows import ROWS
from accuracy_tables import PAGE, format_auc
from pages import replace_between

TABLE = ROWS.with_name("ablations.csv")
BEGIN = "<!-- ablations: made by python benchmarks/ablations.py WORK -->"
END = "<!-- end of ablations -->"

SHORT = {"epochs": 4}
"""Most of what is trained anew is trained for a seventh of the time, and compared with `short`."""

FIRST = {"epochs": 16}
"""The first of the two cycles of the learning rate alone, as long as the recipe before was."""

NO_ARTEFACTS = {f"augment#{position}#prob": 0 for position in (2, 3, 9)}

FOCAL = {
    "_target_": "pipeline.losses.LesionLoss",
    "malignancy": 0.25,
    "lesion": {
        "_target_": "DiceFocalLoss",
        "sigmoid": True,
        "smooth_nr": 64,
        "smooth_dr": 64,
    },
}

LARGE = {"image_size": [320, 320]}

FIXED_BORDER = {"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.5}

CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "release": ("as released", {}, {}),
    "statistics": (
        "without the image's own statistics",
        {},
        {"network_def#backbone": "efficientnet-lite0"},
    ),
    "mirror": ("without averaging over the mirrored image", {}, {"flip": False}),
    "border": (
        "border at a fixed probability of 0.5",
        {},
        {"postprocessing#transforms#8": FIXED_BORDER},
    ),
    "first": ("16 epochs, the first cycle alone", FIRST, {}),
    "artefacts": (
        "16 epochs, without shadows, calipers and coarse speckle",
        {**FIRST, **NO_ARTEFACTS},
        {},
    ),
    "short": ("4 epochs, one cycle", SHORT, {}),
    "seed": ("the same, other seed", {**SHORT, "seed": 1}, {}),
    "malignancy": ("the same, without malignancy", {**SHORT, "loss#malignancy": 0}, {}),
    "imagenet": ("the same, encoder from random weights", {**SHORT, "pretrained": False}, {}),
    "cover": ("the same, without covered lesions", {**SHORT, "augment#0#prob": 0}, {}),
    "crops": ("the same, without lesion-free crops", {**SHORT, "augment#1#prob": 0}, {}),
    "shadows": ("the same, without shadows", {**SHORT, "augment#2#prob": 0}, {}),
    "calipers": ("the same, without calipers", {**SHORT, "augment#3#prob": 0}, {}),
    "speckle": ("the same, without coarse speckle", {**SHORT, "augment#9#prob": 0}, {}),
    "smooth": ("the same, Dice smoothed by 0.00001", {**SHORT, "loss#smooth": 1e-5}, {}),
    "focal": ("the same, focal loss in place of cross entropy", {**SHORT, "loss": FOCAL}, {}),
    "large": ("the same, 320 x 320 pixels", {**SHORT, **LARGE, "loss#smooth": 100}, LARGE),
    "repeat": ("the same, every image once an epoch", {**SHORT, "repeat": {}}, {}),
}
"""What it is, and the keys of train.json and evaluate.json that differ."""


def main() -> None:
    """Run what is not done yet, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs of accuracy.py")
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    args = parser.parse_args()
    for name in args.only:
        _run(args.work, name)
    write_rows(args.work)
    print(f"wrote {TABLE} and the table of {PAGE}")


def _run(work: Path, name: str) -> None:
    """Train, if the change is one of the training, and score."""
    _, training, inference = CHANGES[name]
    data, folder = work / "fold-0" / "data", work / "ablations" / name
    weights = work / "fold-0" / "train"
    if training:
        weights = folder / "train"
        if not (folder / "done").is_file():
            resume = ["--resume"] if (weights / "last.pt").is_file() else []
            call("train", data, weights, *_change(folder, "train", training), *resume)
            (folder / "done").touch()
        take_last(weights)
    if not (folder / "validation" / "summary.json").is_file():
        changes = {"min_lesion_probability": 0, "split": "validation", **inference}
        options = [*_change(folder, "evaluate", changes), "--overwrite"]
        call("evaluate", data, folder / "validation", "--weights", weights / "final.pt", *options)


def _change(folder: Path, name: str, changes: dict[str, Any]) -> list[Any]:
    """Write a config of what differs, and give the option that lays it over the command's."""
    if not changes:
        return []
    path = folder / f"changes-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(changes, indent=2) + "\n")
    return ["--config", path]


def write_rows(work: Path) -> None:
    """Sum up what is done, beside rows that are there already, and make the table.

    Args:
        work: see the head of this file.
    """
    rows = {row["name"]: row for row in read_rows()}
    for name in CHANGES:
        path = work / "ablations" / name / "validation" / "per_image.csv"
        if path.is_file():
            rows[name] = {"name": name, **_sum_up(path)}
    ordered = [rows[name] for name in CHANGES if name in rows]
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ordered[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    replace_between(PAGE, BEGIN, END, format_table(ordered))


def read_rows(path: Path | None = None) -> list[dict[str, str]]:
    """Read the rows that are there."""
    path = path or TABLE
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _sum_up(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lesions = [row for row in rows if int(row["lesion_px"])]
    normals = [row for row in rows if not int(row["lesion_px"])]
    summary = {"lesion_images": str(len(lesions)), "normal_images": str(len(normals))}
    for source in ("busi", "busbra", ""):
        dice = [float(row["dice"]) for row in lesions if row["source"] == source or not source]
        summary[f"dice_{source or 'all'}"] = f"{np.mean(dice):.4f}"
    probabilities = [
        [{"probability": float(row["probability"])} for row in part] for part in (lesions, normals)
    ]
    summary["image_auc"] = format_auc(*probabilities, "probability")
    known = [row for row in lesions if row["malignancy"]]
    kinds = [
        [{"malignancy": float(row["malignancy"])} for row in known if row["pathology"] == kind]
        for kind in ("malignant", "benign")
    ]
    summary["malignancy_auc"] = format_auc(*kinds, "malignancy")
    return summary


def format_table(rows: list[dict[str, str]]) -> str:
    """Write the table as Markdown.

    Args:
        rows: of `read_rows`.
    """
    lines = [
        "| recipe | Dice | BUSI | BUS-BRA | image AUC | malignancy AUC |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        names = ("dice_all", "dice_busi", "dice_busbra", "image_auc", "malignancy_auc")
        cells = [CHANGES[row["name"]][0], *(row[name] for name in names)]
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
