"""How good the recipe of configs/train.json is where its networks have never been.

    python benchmarks/accuracy.py run WORK --busi DIR --busbra DIR --breast DIR [--only RUN ...]
    python benchmarks/accuracy.py table

`run` prepares, trains and evaluates: each hospital with networks that were trained on the other
ones alone (`without-busi`, and `without-busi-1` with another seed), each kind of scanner of BUS-BRA
with a network that has seen the others and the other hospitals (`device-toshiba`), and five folds.
Every choice is made on the runs without a hospital; the others are for the record. As in the
release, the network of the last epoch is taken. What is finished in WORK is not done again, and a
training that was killed goes on; a WORK of another recipe is refused. It then writes one row per
image into bundle/evaluation; rows that are there of other runs stay. `table` makes the tables of
docs/model.md from those rows. See `accuracy_tables.py` for what is in them.
"""

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_rows import HOSPITALS, RECIPE, ROWS
from accuracy_tables import write_tables
from PIL import Image

from pipeline.handlers.list_views import find_parts_beside

DEVICES = {
    "logiq-5": "GE Logiq 5",
    "logiq-7": "GE Logiq 7",
    "toshiba": "Toshiba",
    "u-systems": "U-Systems",
}
"""Kinds of scanner of BUS-BRA, and how their names start there."""

_ALL = ["--validation-fraction", "0"]

RUNS: dict[str, tuple[list[str], int]] = {
    **{f"without-{name}": (["--test-source", name, *_ALL], 0) for name in HOSPITALS},
    **{f"without-{name}-1": (["--test-source", name, *_ALL], 1) for name in HOSPITALS},
    **{f"device-{key}": (["--test-device", name, *_ALL], 0) for key, name in DEVICES.items()},
    **{f"fold-{fold}": (["--test-fold", str(fold), *_ALL], 0) for fold in range(5)},
}
"""Options of prepare, and the seed of the training, for each run."""


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="train and evaluate what is not done yet")
    run.add_argument("work", type=Path, help="folder of the runs")
    for name in HOSPITALS:
        run.add_argument(f"--{name}", type=Path, required=True)
    run.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="RUN")
    run.set_defaults(call=_run)
    table = commands.add_parser("table", help="make the tables of docs/model.md")
    table.set_defaults(call=lambda _: write_tables())
    args = parser.parse_args()
    args.call(args)


def _run(args: argparse.Namespace) -> None:
    sources = [word for name in HOSPITALS for word in (f"--{name}", str(getattr(args, name)))]
    check_recipe(args.work)
    for name in args.only:
        options, seed = RUNS[name]
        train_run(args.work / name, [*sources, *options], {"seed": seed})
        evaluate_run(args.work / name)
    _collect(args.work)


def train_run(folder: Path, sources: Sequence[str], settings: Mapping[str, Any]) -> None:
    """Prepare and train, as far as that is not done yet.

    Args:
        folder: of the run.
        sources: options of `prepare`.
        settings: keys of train.json that differ.
    """
    data = folder / "data"
    if not (data / "datalist.json").is_file():
        call("prepare", data, *sources)
    if not (folder / "done").is_file():
        resume = ["--resume"] if (folder / "train" / "last.pt").is_file() else []
        changes = write_changes(folder, "train", settings)
        call("train", data, folder / "train", *changes, *resume)
        (folder / "done").touch()


def evaluate_run(folder: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Score the test list and the parts beside its lesions, as far as that is not done yet.

    Without operating point and scales, which are chosen on the rows of other hospitals.

    Args:
        folder: of the run.
        settings: keys of evaluate.json that differ.
    """
    raw = {
        "min_lesion_probability": 0,
        "presence_scale#slope": 1,
        "presence_scale#offset": 0,
        **(settings or {}),
    }
    weights = ["--weights", folder / "train" / "model.pt"]
    for split in ("test", "lesion_free"):
        if split == "lesion_free":
            _add_lesion_free_parts(folder / "data")
        if not (folder / split / "summary.json").is_file():
            options = [*write_changes(folder, "evaluate", {"split": split, **raw}), "--overwrite"]
            data = (folder / "data").resolve()  # what the paths of a datalist are relative to
            call("evaluate", data, folder / split, *weights, *options)


def write_changes(folder: Path, name: str, changes: Mapping[str, Any]) -> list[Any]:
    """Write a config of what differs, and give the option that lays it over the command's.

    Args:
        folder: of the run.
        name: of the config.
        changes: keys and their values.
    """
    if not changes:
        return []
    path = folder / f"changes-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(changes, indent=2) + "\n")
    return ["--config", path]


def check_recipe(work: Path) -> None:
    """Note the recipe in a new folder of runs, and keep away from one of another recipe.

    Args:
        work: see the head of this file.
    """
    path = work / "recipe"
    if not work.is_dir():
        work.mkdir(parents=True)
        path.write_text(f"{RECIPE}\n")
    found = path.read_text().strip() if path.is_file() else "none"
    if found != RECIPE:
        sys.exit(f"expected runs of '{RECIPE}', {path} says {found}: use a new folder")


def call(*words: Any) -> None:
    """Call `breast-us-seg` with these words."""
    command = [sys.executable, "-m", "pipeline.cli.main", *map(str, words)]
    print(" ".join(command[2:]), flush=True)
    subprocess.run(command, check=True)


def _add_lesion_free_parts(data: Path) -> None:
    """Add the list `lesion_free`: the wider side beside the lesion of each test image."""
    path = data / "datalist.json"
    datalist = json.loads(path.read_text())
    if "lesion_free" in datalist:
        return
    parts = []
    for item in datalist["test"]:
        lesion = np.asarray(Image.open(data / item["label"])) > 127
        found = find_parts_beside(lesion)
        if not found:
            continue
        first, last = max(found, key=lambda part: part[1] - part[0])
        image = np.asarray(Image.open(data / item["image"]).convert("L"))[:, first:last]
        part = {**item, "pathology": "normal"}
        for key, pixels in (("image", image), ("label", np.zeros_like(image))):
            part[key] = f"lesion_free/{item['id']}-{key}.png"
            (data / part[key]).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(data / part[key])
        parts.append(part)
    path.write_text(json.dumps({**datalist, "lesion_free": parts}, indent=2) + "\n")


def _collect(work: Path) -> None:
    """Put the rows of all finished runs into one table, in place of older ones of the same runs."""
    rows = [row for name in RUNS for row in read_run(work / name, name)]
    done = {row["run"] for row in rows}
    if ROWS.is_file():
        with ROWS.open(newline="") as file:
            rows += [row for row in csv.DictReader(file) if row["run"] not in done]
    with ROWS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"wrote {len(rows)} rows to {ROWS}")


def read_run(folder: Path, name: str) -> list[dict[str, Any]]:
    """Read the rows of a run, with what only its labels and its datalist know.

    Args:
        folder: of the run.
        name: goes into the column `run`.
    """
    rows = []
    for split in ("test", "lesion_free"):
        if not (folder / split / "summary.json").is_file():
            continue
        datalist = json.loads((folder / "data" / "datalist.json").read_text())
        items = {item["id"]: item for item in datalist[split]}
        with (folder / split / "per_image.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                item = items[row["id"]]
                label = np.asarray(Image.open(folder / "data" / item["label"])) > 127
                lines = np.nonzero(label)[0]
                rows.append(
                    {
                        "run": name,
                        "list": split,
                        **row,
                        "device": item["device"],
                        "image_px": label.size,
                        "depth": f"{lines.mean() / len(label):.4f}" if len(lines) else "",
                    }
                )
    return rows


if __name__ == "__main__":
    main()
