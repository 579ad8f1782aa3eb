"""Draw where networks failed: `python benchmarks/failures.py WORK --plot docs/failures.png`.

WORK is the folder of `benchmarks/accuracy.py run`. True and predicted masks of the worst images of
each data set and pathology, and of normal images with the largest false lesion, without the grey
image, which is not ours to publish.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from breast_us_seg import Segmenter

KINDS = (
    ("busi", "benign"),
    ("busi", "malignant"),
    ("busbra", "benign"),
    ("busbra", "malignant"),
    ("breast", "benign"),
    ("breast", "malignant"),
    ("busi", "normal"),
)
EACH = 4
SIDE = 120
GAP = 4
CAPTION = 18
STEP = 2 * SIDE + GAP + 12

POOR = 0.7
"""Dice from which a mask is no failure."""


@dataclass(frozen=True)
class Failure:
    """One image.

    Attributes:
        run: folder of the network that has not seen it.
        name: its id.
        kind: data set and pathology.
        score: Dice, or the false area in px of a normal image.
    """

    run: Path
    name: str
    kind: tuple[str, str]
    score: float

    @property
    def caption(self) -> str:
        """Kind and score."""
        score = f"{self.score:.0f}px" if self.kind[1] == "normal" else f"Dice {self.score:.3f}"
        return f"{self.kind[0]}, {self.kind[1]}: {score}"


def main() -> None:
    """Draw one row a kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs")
    parser.add_argument("--plot", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    failures = list(_list_failures(args.work))
    segmenters: dict[Path, Segmenter] = {}
    picture = Image.new("RGB", (EACH * STEP, len(KINDS) * (SIDE + CAPTION)), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    for row, kind in enumerate(KINDS):
        found = [failure for failure in failures if failure.kind == kind]
        found.sort(key=lambda each: -each.score if kind[1] == "normal" else each.score)
        for column, failure in enumerate(found[:EACH]):
            if failure.run not in segmenters:
                weights = failure.run / "train" / "model.pt"
                segmenters[failure.run] = Segmenter.load(ckpt=str(weights), operating_point="all")
            left, top = column * STEP, row * (SIDE + CAPTION)
            draw.text((left, top + 2), failure.caption, fill="black", font=font)
            for place, mask in enumerate(_read_masks(failure, segmenters[failure.run])):
                tile = mask.resize((SIDE, SIDE - 6))
                picture.paste(tile, (left + place * (SIDE + GAP), top + CAPTION))
    picture.save(args.plot)


def _list_failures(work: Path) -> Iterator[Failure]:
    for table in sorted(work.glob("without-*/test/per_image.csv")):
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                score = float(row["dice"] or row["pred_px"])
                if score > 0 if not row["dice"] else score < POOR:
                    kind = (row["source"], row["pathology"])
                    yield Failure(table.parents[1], row["id"], kind, score)


def _read_masks(failure: Failure, segmenter: Segmenter) -> list[Image.Image]:
    """Give the true mask, and what the network finds."""
    data = failure.run / "data"
    lists = json.loads((data / "datalist.json").read_text("utf-8"))
    (item,) = (item for item in lists["test"] if item["id"] == failure.name)
    with Image.open(data / item["label"]) as label:
        true = label.convert("L")
    found = segmenter.segment(data / item["image"]).mask
    return [true, Image.fromarray(found.astype(np.uint8) * 255)]


if __name__ == "__main__":
    main()
