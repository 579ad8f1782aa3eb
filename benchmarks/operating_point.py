"""Choose `min_lesion_probability`: what each value costs and gains on the validation list.

Evaluate without it first, on images that no reported number is made of:

    breast-us-seg evaluate data eval/validation --split validation --set min_lesion_probability=0
    python benchmarks/operating_point.py eval/validation/per_image.csv
"""

import argparse
import csv
from pathlib import Path

import numpy as np

STEPS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)


def main() -> None:
    """Print one line per threshold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, help="per_image.csv of an evaluation")
    with parser.parse_args().table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lesion = [row for row in rows if row["dice"]]
    normal = [row for row in rows if not row["dice"]]
    dice = np.array([float(row["dice"]) for row in lesion])
    lesion_probability = np.array([float(row["probability"]) for row in lesion])
    normal_probability = np.array([float(row["probability"]) for row in normal])
    marked = np.array([int(row["pred_px"]) > 0 for row in normal], dtype=bool)
    print(f"{len(lesion)} images with a lesion, {len(normal)} normal images")
    print("threshold  normals marked  lesions missed  mean Dice")
    for threshold in STEPS:
        kept = lesion_probability >= threshold
        false = marked & (normal_probability >= threshold)
        missed = 1 - np.mean((dice > 0) & kept)
        score = np.mean(dice * kept)
        print(f"{threshold:9.2f}  {false.mean():14.1%}  {missed:14.1%}  {score:9.4f}")


if __name__ == "__main__":
    main()
