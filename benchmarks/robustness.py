"""What other scanners, settings and archives do to the masks.

    python benchmarks/robustness.py RUN [RUN ...]

RUN is a finished run of the recipe by `benchmarks/accuracy.py`, such as WORK/fold-0, or one by
`benchmarks/ablations.py`, such as WORK/ablations/artefacts. Its network sees the images of its
validation list as they are and with each of the `DEGRADATIONS`, through all of
configs/inference.json; the operating point stands in the head of its table, as that of the release
may have changed since. The part beside each lesion counts as an image without one. The sums go to
bundle/evaluation/robustness.csv, in place of older ones of the same name, and the tables to
docs/model.md.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ablations import CHANGES
from accuracy import find_part_beside
from accuracy_rows import RECIPES, ROWS
from accuracy_tables import PAGE
from clean_up import load_network, read_config
from degradations import DEGRADATIONS, Pair
from monai.data import load_decathlon_datalist
from numpy.typing import NDArray
from pages import replace_between
from PIL import Image

from pipeline.metrics.bootstrap_interval import bootstrap_interval
from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.score_image import score_image

TABLE = ROWS.with_name("robustness.csv")
BEGIN = "<!-- robustness: made by python benchmarks/robustness.py RUN -->"
END = "<!-- end of robustness -->"

Score = Callable[[Pair], ImageScores]
Rows = dict[str, list[tuple[str, str, ImageScores]]]
"""By degradation: kind of the image, its group and its scores."""


def main() -> None:
    """Score all images with each degradation, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="with data/ and train/")
    args = parser.parse_args()
    names = {name_network(run) for run in args.runs}
    if len(names) > 1:
        sys.exit(f"expected runs of one name, got {sorted(names)}")
    network = names.pop()
    rows: Rows = {name: [] for name in DEGRADATIONS}
    with tempfile.TemporaryDirectory() as scratch:
        for run in args.runs:
            score = _load_chain(run, Path(scratch))
            for number, (kind, group, pair) in enumerate(list_images(run)):
                for name, degrade in DEGRADATIONS.items():
                    degraded = degrade(*pair, np.random.default_rng(number))
                    rows[name].append((kind, group, score(degraded)))
    point = read_config({})["min_lesion_probability"]
    sums = join_sums(read_sums(), sum_up(rows, network, point))
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(sums[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sums)
    replace_between(PAGE, BEGIN, END, format_tables(sums))
    print(f"wrote {TABLE} and the table of {PAGE}")


def name_network(run: Path) -> str:
    """Name the network of a run as the table of ablations does.

    Args:
        run: see the head of this file.

    Raises:
        SystemExit: it is of another recipe than the present one.
    """
    run = run.resolve()
    if run.parent.name == "ablations" and run.name in CHANGES:
        return CHANGES[run.name][0]
    path = run.parent / "recipe"
    found = path.read_text().strip() if path.is_file() else "none"
    if found != RECIPES[-1]:
        sys.exit(f"expected a run of '{RECIPES[-1]}', {path} tells {found}")
    return CHANGES["release"][0]


def join_sums(old: list[dict[str, str]], new: list[dict[str, str]]) -> list[dict[str, str]]:
    """Put new rows in place of older ones of their network, in the order of the ablations.

    Args:
        old: of `read_sums`; those of networks that are no longer among the ablations are left out.
        new: of `sum_up`.
    """
    rows = {
        title: [row for row in old if row["network"] == title] for title, *_ in CHANGES.values()
    }
    rows[new[0]["network"]] = new
    return [row for each in rows.values() for row in each]


def read_sums() -> list[dict[str, str]]:
    """Read the sums that are there."""
    if not TABLE.is_file():
        return []
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def _load_chain(run: Path, scratch: Path) -> Score:
    """Load what makes a mask of a picture and compares it with the true one."""
    config = read_config({})
    network = load_network(config, run)
    preprocess, inferer, postprocess = (
        config.get_parsed_content(name) for name in ("preprocessing", "inferer", "postprocessing")
    )
    path = scratch / "image.png"

    def score(pair: Pair) -> ImageScores:
        image, lesion = pair
        Image.fromarray(image).save(path)
        item: dict[str, Any] = preprocess({"image": str(path)})
        with torch.no_grad():
            item["pred"] = inferer(item["image"][None], network)[0]
        return score_image(np.asarray(postprocess(item)["pred"]), lesion[None])

    return score


def list_images(run: Path) -> Iterator[tuple[str, str, Pair]]:
    """List what a run validates on, and the parts beside lesions.

    Args:
        run: see the head of this file.

    Yields:
        Kind (lesion, normal or part), group and pixels.
    """
    is_ablation = run.resolve().parent.name == "ablations"
    data = run.resolve().parents[1] / "fold-0" / "data" if is_ablation else run / "data"
    datalist = str(data / "datalist.json")
    for item in load_decathlon_datalist(datalist, True, "validation", data):
        image = np.array(Image.open(item["image"]).convert("L"))
        lesion = np.array(Image.open(item["label"])) > 127
        kind = "lesion" if lesion.any() else "normal"
        yield kind, item["group"], (image, lesion)
        columns = find_part_beside(lesion)
        if columns is not None:
            part = slice(*columns)
            yield "part", item["group"], (image[:, part], lesion[:, part])


def sum_up(rows: Rows, network: str, point: float) -> list[dict[str, str]]:
    """Sum up the images of each degradation.

    Args:
        rows: the same images in the same order for each degradation, the first of which is none.
        network: name of what was scored.
        point: operating point that it was scored at.
    """
    plain = _take_dice(next(iter(rows.values())))
    groups = [group for kind, group, _ in next(iter(rows.values())) if kind == "lesion"]
    sums = []
    for name, scored in rows.items():
        dice = _take_dice(scored)
        low, high = bootstrap_interval((dice - plain)[:, None], groups)[0]
        row = {"network": network, "operating_point": str(point), "images": name}
        row["dice"] = f"{dice.mean():.3f}"
        lost = f"{(dice - plain).mean():+.3f} ({low:+.3f} to {high:+.3f})"
        row["difference"] = lost if (dice != plain).any() else ""
        row["missed"] = _format_share(scored, "lesion", marked=False)
        row["normals_marked"] = _format_share(scored, "normal", marked=True)
        row["parts_marked"] = _format_share(scored, "part", marked=True)
        sums.append(row)
    return sums


def _take_dice(scored: Sequence[tuple[str, str, ImageScores]]) -> NDArray[np.float64]:
    return np.array([scores.dice for kind, _, scores in scored if kind == "lesion"])


def _format_share(
    scored: Sequence[tuple[str, str, ImageScores]], chosen: str, *, marked: bool
) -> str:
    found = [(scores.pred_px > 0) == marked for kind, _, scores in scored if kind == chosen]
    return f"{sum(found)} of {len(found)}" if found else ""


def format_tables(sums: Sequence[dict[str, str]]) -> str:
    """Write one Markdown table for each network.

    Args:
        sums: of `sum_up`, of one network or more.
    """
    titles = ["Dice", "difference (95 % interval)", "lesions missed", "normal images marked"]
    titles.append("parts beside lesions marked")
    names = ("images", "dice", "difference", "missed", "normals_marked", "parts_marked")
    lines = []
    for network in dict.fromkeys(row["network"] for row in sums):
        chosen = [row for row in sums if row["network"] == network]
        head = f"{network}, operating point {chosen[0]['operating_point']}"
        lines += ["", f"| {head} | {' | '.join(titles)} |", f"|---{'|---' * len(titles)}|"]
        lines += [f"| {' | '.join(row[name] for name in names)} |" for row in chosen]
    return "".join(f"{line}\n" for line in lines[1:])


if __name__ == "__main__":
    main()
