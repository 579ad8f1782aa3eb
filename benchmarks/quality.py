"""Whether the outline doubt finds poor masks: `python benchmarks/quality.py`.

On the rows of hospitals that were left out (`benchmarks/accuracy.py`). Images with a lesion and, at
the operating point, a mask count.
"""

import argparse
from pathlib import Path

import numpy as np
from accuracy_rows import is_left_out, read_rows
from PIL import Image, ImageDraw, ImageFont
from scipy.stats import spearmanr

THRESHOLDS = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7)
POOR, GOOD = 0.7, 0.85
"""Dice below which a mask counts as poor, and from which as good."""


def main() -> None:
    """Print the correlation with Dice, and what each threshold would mark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", type=Path, help="PNG to write")
    args = parser.parse_args()
    rows = [row for row in read_rows() if is_left_out(row) and row["lesion_px"] and row["kept"]]
    dice, doubt = (
        np.array([float(row[key]) for row in rows]) for key in ("dice", "boundary_uncertainty")
    )
    print(f"{len(rows)} images with a lesion, Spearman {spearmanr(doubt, dice).statistic:.3f}")
    print("threshold  marked  their Dice  Dice of the others  poor marked  good marked")
    for threshold in THRESHOLDS:
        marked = doubt > threshold
        print(
            f"{threshold:9.2f}  {marked.mean():6.1%}  {dice[marked].mean():10.3f}  "
            f"{dice[~marked].mean():18.3f}  {marked[dice < POOR].mean():11.1%}  "
            f"{marked[dice >= GOOD].mean():11.1%}"
        )
    if args.plot is not None:
        _plot(doubt, dice).save(args.plot)


def _plot(doubt: "np.ndarray[tuple[int], np.dtype[np.float64]]", dice: object) -> Image.Image:
    """Draw Dice over doubt, the latter on an axis of its square root."""
    side, margin = 420, 44
    picture = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(13)
    span, most = side - 2 * margin, 2.0
    draw.rectangle((margin, margin, side - margin, side - margin), outline=120)
    for x, y in zip(np.sqrt(np.clip(doubt, 0, most) / most), np.asarray(dice), strict=True):
        at = margin + x * span, side - margin - y * span
        draw.ellipse((at[0] - 2, at[1] - 2, at[0] + 2, at[1] + 2), fill=60)
    for value in (0, 0.1, 0.3, 1, 2):
        x = margin + np.sqrt(value / most) * span
        draw.text((x, side - margin + 6), f"{value:g}", fill=0, font=font, anchor="ma")
    for value in (0, 0.5, 1):
        y = side - margin - value * span
        draw.text((margin - 6, y), f"{value:g}", fill=0, font=font, anchor="rm")
    draw.text((side / 2, side - 16), "outline doubt", fill=0, font=font, anchor="mm")
    draw.text((side / 2, 22), "Dice per image, hospitals left out", fill=0, font=font, anchor="mm")
    return picture


if __name__ == "__main__":
    main()
