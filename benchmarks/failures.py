"""Draw where networks failed.

    python benchmarks/failures.py WORK --plot docs/failures.png --pictures docs/images/failures.png

WORK is the folder of `benchmarks/accuracy.py run`. The plot has the true and the predicted masks of
the worst images of each data set and pathology, and of normal images with the largest false lesion,
without the grey image, which is not ours to publish. The pictures are of BrEaST, whose images may
be published with credit: of the images that were missed, those that the network was surest of.
"""

import argparse
import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from accuracy_rows import MISSED
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation

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

PICTURES = (3, 2)
"""Columns and rows."""
TILE = (320, 240)
TRUE, FOUND = (90, 200, 255), (255, 210, 0)
LINE = 2
"""Width of an outline in a tile, in px."""
COLOURS = 128


@dataclass(frozen=True)
class Failure:
    """One image.

    Attributes:
        run: folder of the network that has not seen it.
        name: its id.
        kind: data set and pathology.
        score: Dice, or the false area in px of a normal image.
        probability: of a lesion, as the network gave it.
    """

    run: Path
    name: str
    kind: tuple[str, str]
    score: float
    probability: float

    @property
    def caption(self) -> str:
        """Kind and score."""
        score = f"{self.score:.0f}px" if self.kind[1] == "normal" else f"Dice {self.score:.3f}"
        return f"{self.kind[0]}, {self.kind[1]}: {score}"


def main() -> None:
    """Draw one row a kind, and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs")
    parser.add_argument("--plot", type=Path, required=True, help="PNG to write")
    parser.add_argument("--pictures", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    failures = list(_list_failures(args.work))
    load = cache(_load)
    picture = Image.new("RGB", (EACH * STEP, len(KINDS) * (SIDE + CAPTION)), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    for row, kind in enumerate(KINDS):
        found = [failure for failure in failures if failure.kind == kind]
        found.sort(key=lambda each: -each.score if kind[1] == "normal" else each.score)
        for column, failure in enumerate(found[:EACH]):
            left, top = column * STEP, row * (SIDE + CAPTION)
            draw.text((left, top + 2), failure.caption, fill="black", font=font)
            for place, mask in enumerate(_read_masks(failure, load(failure.run))):
                tile = mask.resize((SIDE, SIDE - 6))
                picture.paste(tile, (left + place * (SIDE + GAP), top + CAPTION))
    picture.save(args.plot)
    missed = [each for each in failures if each.kind[0] == "breast" and each.score < MISSED]
    missed.sort(key=lambda each: -each.probability)
    _draw_pictures(missed, load).save(args.pictures, optimize=True)


def _load(run: Path) -> Segmenter:
    weights = run / "train" / "model.pt"
    return Segmenter.load(ckpt=str(weights), operating_point="all", backend="torch")


def _list_failures(work: Path) -> Iterator[Failure]:
    for table in sorted(work.glob("without-*/test/per_image.csv")):
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                score = float(row["dice"] or row["pred_px"])
                if score > 0 if not row["dice"] else score < POOR:
                    kind = (row["source"], row["pathology"])
                    probability = float(row["probability"])
                    yield Failure(table.parents[1], row["id"], kind, score, probability)


def _read_masks(failure: Failure, segmenter: Segmenter) -> list[Image.Image]:
    """Give the true mask, and what the network finds."""
    image, true = _find_files(failure)
    found = segmenter.segment(image).mask
    return [true, Image.fromarray(found.astype(np.uint8) * 255)]


def _find_files(failure: Failure) -> tuple[Path, Image.Image]:
    """Give the image, and the true mask."""
    data = failure.run / "data"
    lists = json.loads((data / "datalist.json").read_text("utf-8"))
    (item,) = (item for item in lists["test"] if item["id"] == failure.name)
    with Image.open(data / item["label"]) as label:
        return data / item["image"], label.convert("L")


def _draw_pictures(failures: Sequence[Failure], load: Callable[[Path], Segmenter]) -> Image.Image:
    """Draw what was found in yellow, and the true outline in blue."""
    columns, rows = PICTURES
    width, height = TILE[0] + GAP, TILE[1] + CAPTION
    picture = Image.new("RGB", (columns * width, rows * height), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    for number, failure in enumerate(failures[: columns * rows]):
        left, top = number % columns * width, number // columns * height
        image, true = _find_files(failure)
        result = load(failure.run).segment(image)
        overlay = np.repeat(np.rint(result.image).astype(np.uint8)[..., None], 3, axis=-1)
        line = max(1, round(LINE * max(overlay.shape[0] / TILE[1], overlay.shape[1] / TILE[0])))
        for mask, colour in ((result.mask, FOUND), (np.asarray(true) > 127, TRUE)):
            overlay[binary_dilation(mask, iterations=line) & ~mask] = colour
        tile = Image.fromarray(overlay)
        tile.thumbnail(TILE)
        name = failure.name.rpartition("/")[2]
        caption = f"{name}, {failure.kind[1]}: {failure.caption.rpartition(': ')[2]}"
        draw.text((left, top + 2), caption, fill="black", font=font)
        picture.paste(tile, (left, top + CAPTION))
    return picture.quantize(COLOURS, dither=Image.Dither.NONE)


if __name__ == "__main__":
    main()
