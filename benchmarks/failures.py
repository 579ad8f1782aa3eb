"""Draw where networks failed: `python benchmarks/failures.py WORK --plot docs/failures.png`.

WORK is the folder of `benchmarks/accuracy.py run`. True and predicted masks of the worst images of
each data set and pathology, and of normal images with the largest false lesion, without the grey
image, which is not ours to publish.
"""

import argparse
import csv
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pipeline.evaluation.comparison_panel import BAR_PX, GAP_PX

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
CAPTION = 18

POOR = 0.7
"""Dice from which a mask is no failure; an evaluation has panels of typical and best ones too."""


def main() -> None:
    """Draw one row a kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="folder of the runs")
    parser.add_argument("--plot", type=Path, required=True, help="PNG to write")
    args = parser.parse_args()
    pathologies = _read_pathologies(args.work)
    width = EACH * (2 * SIDE + GAP_PX + 12)
    picture = Image.new("RGB", (width, len(KINDS) * (SIDE + CAPTION)), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    for row, kind in enumerate(KINDS):
        panels = [path for path in _list_panels(args.work) if pathologies[_name(path)] == kind]
        for column, path in enumerate(panels[:EACH]):
            left, top = column * (2 * SIDE + GAP_PX + 12), row * (SIDE + CAPTION)
            verdict = path.stem.split("_")[1 if kind[1] != "normal" else 2]
            text = f"{kind[0]}, {kind[1]}: {'Dice ' * (kind[1] != 'normal')}{verdict}"
            draw.text((left, top + 2), text, fill="black", font=font)
            for place, tile in enumerate(_cut_masks(path)):
                at = left + place * (SIDE + GAP_PX), top + CAPTION
                picture.paste(tile.resize((SIDE, SIDE - 6)), at)
    picture.save(args.plot)


def _read_pathologies(work: Path) -> dict[str, tuple[str, str]]:
    found = {}
    for table in work.glob("without-*/test/per_image.csv"):
        with table.open(newline="") as file:
            for row in csv.DictReader(file):
                found[row["id"].replace("/", "-")] = (row["source"], row["pathology"])
    return found


def _list_panels(work: Path) -> list[Path]:
    """List the failures, the worst Dice and the largest false lesion first."""

    def rank(path: Path) -> tuple[float, str]:
        parts = path.stem.split("_")
        worth = -int(parts[2].removesuffix("px")) if parts[0] == "normal" else float(parts[1])
        return worth, path.name

    panels = sorted(work.glob("without-*/test/panels/*.png"), key=rank)
    return [path for path in panels if rank(path)[0] < POOR]


def _name(path: Path) -> str:
    parts = path.stem.split("_", 3 if path.stem.startswith("normal") else 2)
    return parts[-1]


def _cut_masks(path: Path) -> list[Image.Image]:
    """Cut true and predicted mask out of a panel of four tiles."""
    with Image.open(path) as panel:
        width = (panel.width - 3 * GAP_PX) // 4
        return [
            panel.crop(
                (place * (width + GAP_PX), BAR_PX, place * (width + GAP_PX) + width, panel.height)
            ).convert("RGB")
            for place in (1, 2)
        ]


if __name__ == "__main__":
    main()
