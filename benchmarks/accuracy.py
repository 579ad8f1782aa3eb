"""How good the recipe of configs/train.json is: cross-validation and unseen data sets.

    python benchmarks/accuracy.py run WORK --busi DIR --busbra DIR [--only fold-0 without-busi]
    python benchmarks/accuracy.py table

`run` prepares, trains and evaluates five folds, and each data set with a network that was trained
on the other one alone. As in the release, the network of the last epoch is taken, not that of the
best one. What is finished in WORK is not done again, and a training that was killed
goes on; a WORK of an older recipe is refused. It then writes one row per image into
bundle/evaluation; rows that are there of other runs or older recipes stay. `table` makes the tables
of docs/model.md from those rows. See `benchmarks/accuracy_tables.py` for what is in them.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accuracy_rows import RECIPES, ROWS
from accuracy_tables import write_tables
from numpy.typing import NDArray
from PIL import Image

RUNS = {
    **{f"fold-{fold}": ["--test-fold", str(fold)] for fold in range(5)},
    "without-busi": ["--test-source", "busi"],
    "without-busbra": ["--test-source", "busbra"],
}
"""Options of prepare for each run."""

LEAST_WIDTH = 0.3
"""Share of the width that a part beside the lesion needs to count as an image of its own."""

MARGIN = 0.03
"""Share of the width that is left between the lesion and that part."""


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="train and evaluate what is not done yet")
    run.add_argument("work", type=Path, help="folder of the runs")
    run.add_argument("--busi", type=Path, required=True)
    run.add_argument("--busbra", type=Path, required=True)
    run.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="RUN")
    run.set_defaults(call=_run)
    table = commands.add_parser("table", help="make the tables of docs/model.md")
    table.set_defaults(call=lambda _: write_tables())
    args = parser.parse_args()
    args.call(args)


def _run(args: argparse.Namespace) -> None:
    sources = ["--busi", str(args.busi), "--busbra", str(args.busbra)]
    check_recipe(args.work)
    for name in args.only:
        folder = args.work / name
        data = folder / "data"
        if not (data / "datalist.json").is_file():
            call("prepare", data, *sources, *RUNS[name])
        if not (folder / "done").is_file():
            resume = ["--resume"] if (folder / "train" / "last.pt").is_file() else []
            call("train", data, folder / "train", *resume)
            (folder / "done").touch()
        take_last(folder / "train")
        for split in ("test", "lesion_free"):
            if split == "lesion_free":
                _add_lesion_free_parts(data)
            if not (folder / split / "summary.json").is_file():
                _evaluate(folder, split)
    _collect(args.work)


def check_recipe(work: Path) -> None:
    """Note the recipe in a new folder of runs, and keep away from one of another recipe.

    Args:
        work: see the head of this file.
    """
    path = work / "recipe"
    if not work.is_dir():
        work.mkdir(parents=True)
        path.write_text(f"{RECIPES[-1]}\n")
    found = path.read_text().strip() if path.is_file() else "none"
    if found != RECIPES[-1]:
        sys.exit(f"expected runs of '{RECIPES[-1]}', {path} tells {found}: use a new folder")


def take_last(folder: Path) -> None:
    """Write the moving average behind the last epoch as ``final.pt``.

    Args:
        folder: of a training.
    """
    last = torch.load(folder / "last.pt", map_location="cpu", weights_only=True)
    torch.save(last["objects"]["average"], folder / "final.pt")


def _evaluate(folder: Path, split: str) -> None:
    """Score without the operating point, which is chosen on other folds."""
    call(
        "evaluate",
        folder / "data",
        folder / split,
        "--weights",
        folder / "train" / "final.pt",
        "--set",
        f"split={split}",
        "--set",
        "min_lesion_probability=0",
        "--overwrite",
    )


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
        columns = find_part_beside(lesion)
        if columns is None:
            continue
        first, last = columns
        image = np.asarray(Image.open(data / item["image"]).convert("L"))[:, first:last]
        part = {**item, "pathology": "normal"}
        for key, pixels in (("image", image), ("label", np.zeros_like(image))):
            part[key] = f"lesion_free/{item['id']}-{key}.png"
            (data / part[key]).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(data / part[key])
        parts.append(part)
    path.write_text(json.dumps({**datalist, "lesion_free": parts}, indent=2) + "\n")


def find_part_beside(lesion: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Find the wider side beside a lesion.

    Args:
        lesion: mask (H, W).

    Returns:
        Its first column and the one behind its last, or `None` if there is no lesion or too little
        beside it.
    """
    columns = np.flatnonzero(lesion.any(axis=0))
    if not len(columns):
        return None
    width = lesion.shape[1]
    gap = round(MARGIN * width)
    left, right = max(columns[0] - gap, 0), min(columns[-1] + 1 + gap, width)
    first, last = (0, left) if left >= width - right else (right, width)
    return (int(first), int(last)) if last - first >= LEAST_WIDTH * width else None


def _collect(work: Path) -> None:
    """Put the rows of all finished runs into one table, in place of older ones of the same runs."""
    rows = []
    for name in RUNS:
        folder = work / name
        for split in ("test", "lesion_free"):
            table = folder / split / "per_image.csv"
            if not (folder / split / "summary.json").is_file():
                continue
            datalist = json.loads((folder / "data" / "datalist.json").read_text())
            items = {item["id"]: item for item in datalist[split]}
            with table.open(newline="") as file:
                for row in csv.DictReader(file):
                    item = items[row["id"]]
                    with Image.open(folder / "data" / item["label"]) as label:
                        pixels = label.width * label.height
                    row |= {"run": name, "recipe": RECIPES[-1], "list": split}
                    row["device"] = item["device"]
                    rows.append(row | {"image_px": pixels})
    done = {(row["run"], row["recipe"]) for row in rows}
    with ROWS.open(newline="") as file:
        rows += [row for row in csv.DictReader(file) if (row["run"], row["recipe"]) not in done]
    with ROWS.open("w", newline="") as file:
        first = ["run", "recipe", "list"]
        columns = [*first, *(name for name in rows[0] if name not in first)]
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"wrote {len(rows)} rows to {ROWS}")


if __name__ == "__main__":
    main()
