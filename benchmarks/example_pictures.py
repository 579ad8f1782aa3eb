"""Make the pictures of docs/images/ of BrEaST: `python benchmarks/example_pictures.py DIR`.

DIR is the folder of images and masks as published (CC BY 4.0; credit and licence stand in
docs/images/README.md). The images were chosen by rank, not by eye: of `bundle/evaluation/
left_out.csv`, in the first training without BrEaST, those of the median Dice of benign and of
malignant lesions, and that at the lower quartile of the benign ones.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from breast_us_seg import Segmenter

ROOT = Path(__file__).resolve().parents[1]

RUN = "without-breast"
RANKS = (("benign", 0.5), ("malignant", 0.5), ("benign", 0.25))
CM_PER_PIXEL = {"case019": 0.006462036, "case087": 0.0078125, "case116": 0.006076389}
"""Column Pixel_size of the clinical data, of the images that these ranks give."""

GREYS = 128
"""In the palette of a picture, which keeps its file small; the rest is for colours of marks."""
GAP = 6


def choose_cases() -> list[str]:
    """Choose images by their rank in the scores of the hospital left out."""
    path = ROOT / "bundle" / "evaluation" / "left_out.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["run"] == RUN and row["dice"]]
    cases = []
    for pathology, rank in RANKS:
        ids = [(float(r["dice"]), r["id"]) for r in rows if r["pathology"] == pathology]
        cases.append(sorted(ids)[int(rank * len(ids))][1].rpartition("/")[2])
    return cases


def main() -> int:
    """Segment, and put the overlay beside the image."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args().folder
    segmenter = Segmenter.load()
    for case in choose_cases():
        mm = CM_PER_PIXEL[case] * 10
        result = segmenter.segment(folder / f"{case}.png", mm_per_pixel=(mm, mm))
        for lesion in result.lesions:
            axes = lesion.long_axis.length_mm, lesion.short_axis.length_mm
            print(f"{case}: {axes[0]:.1f} x {axes[1]:.1f} mm, probability {lesion.probability:.2f}")
        original = np.repeat(np.rint(result.image).astype(np.uint8)[..., None], 3, axis=-1)
        between = np.full((original.shape[0], GAP, 3), 255, np.uint8)
        picture = np.hstack([original, between, result.overlay()])
        path = ROOT / "docs" / "images" / f"breast-{case}.png"
        _reduce_colours(picture).save(path, optimize=True)
    return 0


def _reduce_colours(picture: np.ndarray) -> Image.Image:
    greys = np.repeat(np.linspace(0, 255, GREYS).round().astype(np.uint8)[:, None], 3, axis=1)
    flat = picture.reshape(-1, 3)
    marks, counts = np.unique(flat[np.ptp(flat, axis=1) > 0], axis=0, return_counts=True)
    colours = marks[np.argsort(-counts)[: 256 - GREYS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.concatenate([greys, colours]).tobytes())
    return Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)


if __name__ == "__main__":
    sys.exit(main())
