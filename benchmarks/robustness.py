"""What other scanners, settings and archives do to the masks.

    python benchmarks/robustness.py RUN

RUN is a finished run of `benchmarks/accuracy.py`, such as WORK/without-breast. Its network sees the
images of its test list as they are and with each of the `DEGRADATIONS`, through all of
configs/inference.json; the operating point stands in the head of the table. The part beside each
lesion counts as an image without one. It is faster after `breast-us-seg export --weights
RUN/train/model.pt`. The sums go to bundle/evaluation/robustness.csv, the table to
docs/model.md.
"""

import argparse
import csv
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from accuracy_rows import HOSPITALS, ROWS, left_out
from accuracy_tables import PAGE, ROOT
from degradations import DEGRADATIONS, Pair
from monai.bundle import ConfigParser
from monai.data import load_decathlon_datalist
from numpy.typing import NDArray
from pages import replace_between
from PIL import Image

from pipeline.handlers.list_views import find_parts_beside
from pipeline.load_segmenter import load_segmenter
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
    parser.add_argument("run", type=Path, help="folder of data/ and train/")
    parser.add_argument("--every", type=int, default=1, help="take one image in so many")
    args = parser.parse_args()
    rows: Rows = {name: [] for name in DEGRADATIONS}
    with tempfile.TemporaryDirectory() as scratch:
        score = _load_chain(args.run, Path(scratch))
        for number, (kind, group, pair) in enumerate(list_images(args.run, args.every)):
            for name, degrade in DEGRADATIONS.items():
                degraded = degrade(*pair, np.random.default_rng(number))
                rows[name].append((kind, group, score(degraded)))
    point = read_point()
    run = args.run.absolute().name  # a link may lead to another name
    sums = sum_up(rows, HOSPITALS.get(left_out(run), run), point)
    with TABLE.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(sums[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sums)
    replace_between(PAGE, BEGIN, END, format_table(sums))
    print(f"wrote {TABLE} and the table of {PAGE}")


def read_sums() -> list[dict[str, str]]:
    """Read the sums that are there."""
    if not TABLE.is_file():
        return []
    with TABLE.open(newline="") as file:
        return list(csv.DictReader(file))


def _load_chain(run: Path, scratch: Path) -> Score:
    """Load what makes a mask of a picture and compares it with the true one."""
    segmenter = load_segmenter(ROOT, {"ckpt": str(run / "train" / "model.pt")})
    path = scratch / "image.png"

    def score(pair: Pair) -> ImageScores:
        image, lesion = pair
        Image.fromarray(image).save(path)
        result = segmenter.segment(segmenter.read(path))
        return score_image(result.mask[None], lesion[None])

    return score


def read_point() -> float:
    """Read the operating point of configs/inference.json."""
    config = ConfigParser()
    config.read_config(str(ROOT / "configs" / "inference.json"))
    return float(config.get_parsed_content("min_lesion_probability"))


def list_images(run: Path, every: int = 1) -> Iterator[tuple[str, str, Pair]]:
    """List what a run is tested on, and the parts beside lesions.

    Args:
        run: see the head of this file.
        every: take one image in so many.

    Yields:
        Kind (lesion, normal or part), group and pixels.
    """
    data = (run / "data").resolve()  # paths of a datalist are relative to where it really is
    items = load_decathlon_datalist(str(data / "datalist.json"), True, "test", data)
    for item in items[::every]:
        image = np.array(Image.open(item["image"]).convert("L"))
        lesion = np.array(Image.open(item["label"])) > 127
        kind = "lesion" if lesion.any() else "normal"
        yield kind, item["group"], (image, lesion)
        parts = find_parts_beside(lesion)
        if parts:
            part = slice(*max(parts, key=lambda columns: columns[1] - columns[0]))
            yield "part", item["group"], (image[:, part], lesion[:, part])


def sum_up(rows: Rows, hospital: str, point: float) -> list[dict[str, str]]:
    """Sum up the images of each degradation.

    Args:
        rows: the same images in the same order for each degradation, the first of which is none.
        hospital: whose images they are.
        point: operating point that it was scored at.
    """
    plain = _take_dice(next(iter(rows.values())))
    groups = [group for kind, group, _ in next(iter(rows.values())) if kind == "lesion"]
    sums = []
    for name, scored in rows.items():
        dice = _take_dice(scored)
        low, high = bootstrap_interval((dice - plain)[:, None], groups)[0]
        row = {"hospital": hospital, "operating_point": str(point), "images": name}
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


def format_table(sums: Sequence[dict[str, str]]) -> str:
    """Write the sums as a Markdown table.

    Args:
        sums: of `sum_up`.
    """
    titles = ["Dice", "difference (95 % interval)", "lesions missed", "normal images marked"]
    titles.append("parts beside lesions marked")
    names = ("images", "dice", "difference", "missed", "normals_marked", "parts_marked")
    head = f"{sums[0]['hospital']}, left out, operating point {sums[0]['operating_point']}"
    lines = [f"| {head} | {' | '.join(titles)} |", f"|---{'|---' * len(titles)}|"]
    lines += [f"| {' | '.join(row[name] for name in names)} |" for row in sums]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
