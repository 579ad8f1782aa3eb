"""What each part of the recipe is worth at hospitals that were left out of training.

    python benchmarks/ablations.py WORK --busi DIR --busbra DIR --breast DIR \
        [--only mirror zoom] [--left-out breast]

WORK is that of `accuracy.py`, with its runs `without-*`. Each change is trained as they are, one
network for each hospital that is left out, and scored on that hospital without an operating point;
changes of the inference alone are scored by the networks that are there. What is finished in WORK
is not done again. The rows go to bundle/evaluation/ablations.csv, the table to docs/model.md.
`lite2` needs the package with its weights, which `encoders.py` names.
"""

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy import RUNS, evaluate_run, read_run, train_run
from accuracy_choices import is_known
from accuracy_rows import HOSPITALS, MISSED, ROWS
from accuracy_tables import PAGE, ROOT, format_auc
from pages import replace_between

TABLE = ROWS.with_name("ablations.csv")
BEGIN = "<!-- ablations: made by python benchmarks/ablations.py WORK -->"
END = "<!-- end of ablations -->"

_TRAIN: dict[str, Any] = json.loads((ROOT / "configs" / "train.json").read_text())
_INFERENCE: dict[str, Any] = json.loads((ROOT / "configs" / "inference.json").read_text())
AUGMENT: list[dict[str, Any]] = _TRAIN["augment"]

_VIEW = "pipeline.transforms.RandViewd"
_COVER = {
    "_target_": "benchmarks.rand_cover_lesiond.RandCoverLesiond",
    "keys": ["image", "label"],
    "prob": 0.3,
}
_ARTEFACTS = ("RandShadow", "RandCalipers", "RandSpeckle")
_GREY = ("RandHistogramShiftd", "RandGaussianSharpend")
_DECAY = {
    "lr_scheduler": {**_TRAIN["lr_scheduler"], "final_div_factor": 1e4},
    "average#momentum": 0.005,
}
_CONSTANT = {"lr_scheduler": {**_TRAIN["lr_scheduler"], "final_div_factor": 0.04}}
_LARGE = {"image_size": [320, 320]}


def _change(target: str, **options: Any) -> dict[str, Any]:
    """Write the augmentation with other options of one transform."""
    changed = [{**each, **options} if each["_target_"] == target else each for each in AUGMENT]
    return {"augment": changed}


def _leave_out(*targets: str) -> dict[str, Any]:
    """Write the augmentation without some transforms, or what wraps them."""
    kept = [
        each for each in AUGMENT if not each.get("transform", each)["_target_"].endswith(targets)
    ]
    return {"augment": kept}


def _add_handler(handler: dict[str, Any]) -> dict[str, Any]:
    """Write the handlers with one more, after `GrowImages`."""
    handlers = _TRAIN["train"]["handlers"]
    place = next(n for n, each in enumerate(handlers) if each["_target_"].endswith("GrowImages"))
    return {"train#handlers": [*handlers[: place + 1], handler, *handlers[place + 1 :]]}


def _find(target: str) -> int:
    """Find a step of the post-processing in the config."""
    steps = _INFERENCE["postprocessing"]["transforms"]
    return next(n for n, step in enumerate(steps) if step["_target_"].endswith(target))


_FIXED_BORDER = {
    "_target_": "Compose",
    "transforms": [
        {"_target_": "CopyItemsd", "keys": "pred", "names": "probability"},
        {"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.5},
    ],
}

_LITE2 = {
    "imports": [*_TRAIN["imports"], "$import benchmarks.encoders"],
    "network_def#backbone": "efficientnet-lite2",
    "judged_network_def#backbone": "efficientnet-lite2-adaptive",
}
_JUDGED_LITE2 = {
    "imports": [*_INFERENCE["imports"], "$import benchmarks.encoders"],
    "network_def#backbone": "efficientnet-lite2-adaptive",
}

CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "release": ("as released", {}, {}),
    "statistics": (
        "without the image's own statistics",
        {},
        {"network_def#backbone": "efficientnet-lite0"},
    ),
    "mirror": ("without the mirrored image", {}, {"flip": False}),
    "field": ("without the crop to the field of view", {}, {"find_field": False}),
    "border": (
        "border at a fixed probability of 0.5",
        {},
        {f"postprocessing#transforms#{_find('RelativeThresholdd')}": _FIXED_BORDER},
    ),
    "border-40": ("border at 0.4 of the image's probability", {}, {"threshold": 0.4}),
    "border-60": ("border at 0.6 of the image's probability", {}, {"threshold": 0.6}),
    "share-0": ("every outlined part", {}, {"min_lesion_share": 0.0}),
    "share-1": ("the largest part alone", {}, {"min_lesion_share": 1.0}),
    "seed": ("other seed", {"seed": 1}, {}),
    "decay": ("rate that falls to nothing, average of 200 steps", _DECAY, {}),
    "decay-seed": ("the same, other seed", {**_DECAY, "seed": 1}, {}),
    "constant": ("rate that stays at its highest value", _CONSTANT, {}),
    "full-size": ("full size from the start", {"first_size": 1.0}, {}),
    "long": ("twice as long", {"epochs": 12}, {}),
    "large": ("320 x 320 pixels", {**_LARGE, "loss#smooth": 25}, _LARGE),
    "zoom": ("narrow zoom", _change(_VIEW, zoom=0.1), {}),
    "grey": ("without changes of grey values", {"augment": AUGMENT[:3]}, {}),
    "cover": ("with covered lesions", {"augment": [_COVER, *AUGMENT]}, {}),
    "artefacts": (
        "without shadows, calipers and coarse speckle",
        _leave_out(*_ARTEFACTS),
        {},
    ),
    "curves": ("without other grey curves and sharpening", _leave_out(*_GREY), {}),
    "plain": (
        "without other grey curves, sharpening, shadows, calipers and coarse speckle",
        _leave_out(*_ARTEFACTS, *_GREY),
        {},
    ),
    "mixed": (
        "low-frequency amplitudes of another image",
        _add_handler({"_target_": "benchmarks.mix_amplitudes.MixAmplitudes", "band": 0.1}),
        {},
    ),
    "filtered": (
        "mixed with what random filters make of it",
        _add_handler({"_target_": "benchmarks.filter_randomly.FilterRandomly"}),
        {},
    ),
    "repeat": ("every image once an epoch", {"repeat": {}}, {}),
    "lite2": ("encoder EfficientNet-Lite2", _LITE2, _JUDGED_LITE2),
    "lite2-seed": ("the same, other seed", {**_LITE2, "seed": 1}, _JUDGED_LITE2),
    "imagenet": ("encoder from random weights", {"pretrained": False}, {}),
}
"""What it is, and the keys of train.json and evaluate.json that differ."""

Row = dict[str, str]


def main() -> None:
    """Run what is not done yet, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs of accuracy.py")
    for name in HOSPITALS:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    parser.add_argument("--left-out", nargs="+", choices=HOSPITALS, default=list(HOSPITALS))
    args = parser.parse_args()
    sources = [word for name in HOSPITALS for word in (f"--{name}", str(getattr(args, name)))]
    for name in args.only:
        for hospital in args.left_out:
            _run(args.work, name, hospital, sources)
    write_rows(args.work)
    print(f"wrote {TABLE} and the table of {PAGE}")


def _run(work: Path, name: str, hospital: str, sources: Sequence[str]) -> None:
    """Train, if the change is one of the training, and score."""
    _, training, inference = CHANGES[name]
    folder, plain = work / "ablations" / name / hospital, work / f"without-{hospital}"
    if training:
        options, _ = RUNS[plain.name]
        train_run(folder, [*sources, *options], training)
    elif not folder.is_dir():
        folder.mkdir(parents=True)
        done = ("test", "lesion_free") if not inference else ()
        # Paths in the datalist are relative to its own folder.
        for part in ("data", "train", *done):
            (folder / part).symlink_to((plain / part).resolve(), target_is_directory=True)
    evaluate_run(folder, inference)


def write_rows(work: Path) -> None:
    """Sum up what is done, beside rows that are there already, and make the table.

    Args:
        work: see the head of this file.
    """
    rows = {(row["name"], row["hospital"]): row for row in read_sums()}
    for name in CHANGES:
        for hospital in HOSPITALS:
            found = read_run(work / "ablations" / name / hospital, name)
            if found:
                rows[name, hospital] = {"name": name, "hospital": hospital, **sum_up(found)}
    ordered = [rows[key] for name in CHANGES for key in rows if key[0] == name]
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(ordered[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    replace_between(PAGE, BEGIN, END, format_table(ordered))


def read_sums(path: Path | None = None) -> list[Row]:
    """Read the sums that are there.

    Args:
        path: the table; `None` for that of the bundle.
    """
    path = path or TABLE
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def sum_up(rows: Sequence[dict[str, Any]]) -> Row:
    """Sum up the rows of one hospital.

    Args:
        rows: of `read_run`, as texts.
    """
    lesions = [row for row in rows if int(row["lesion_px"])]
    free = [row for row in rows if not int(row["lesion_px"])]
    dice = np.array([float(row["dice"]) for row in lesions])
    marked, unmarked = (
        [{**row, "probability": float(row["probability"])} for row in part]
        for part in (lesions, free)
    )
    known = [
        {**row, "malignancy": float(row["malignancy"]), "lesion_px": 1}
        for row in lesions
        if row["malignancy"]
    ]
    known = [row for row in known if is_known(row)]
    malignant, benign = (
        [row for row in known if row["pathology"] == kind] for kind in ("malignant", "benign")
    )
    return {
        "lesion_images": str(len(lesions)),
        "dice": f"{dice.mean():.4f}",
        "missed": f"{(dice < MISSED).mean():.4f}",
        "image_auc": format_auc(marked, unmarked, "probability"),
        "malignancy_auc": format_auc(malignant, benign, "malignancy"),
    }


def format_table(rows: Sequence[Row]) -> str:
    """Write the table as Markdown: means over hospitals, each with equal weight.

    Args:
        rows: of `read_sums`.
    """
    titles = [*HOSPITALS.values(), "mean Dice", "missed", "image AUC", "malignancy AUC"]
    lines = [f"| recipe | {' | '.join(titles)} |", f"|---{'|---' * len(titles)}|"]
    for name, (title, _, _) in CHANGES.items():
        found = {row["hospital"]: row for row in rows if row["name"] == name}
        if not found:
            continue
        cells = [title, *(found[key]["dice"] if key in found else "" for key in HOSPITALS)]
        for column in ("dice", "missed", "image_auc", "malignancy_auc"):
            values = [float(row[column]) for row in found.values() if row[column]]
            complete = len(found) == len(HOSPITALS) and len(values) == len(found)
            cells.append(f"{np.mean(values):.4f}" if complete else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
