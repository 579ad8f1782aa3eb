"""The scripts in benchmarks/ import one another by name, as they do when they are run."""

import csv
import sys
from pathlib import Path

import pytest
from accuracy_row import make_row

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two folds: the point of each is chosen on the normal images of the other."""
    rows = []
    for fold, quiet in ((0, 0.3), (1, 0.6)):
        run = f"fold-{fold}"
        for number in range(40):
            rows.append(
                make_row(
                    run=run,
                    id=f"{fold}-{number}",
                    group=f"{fold}-{number}",
                    probability=0.95 if number else 0.5,
                    malignancy=0.7 if number % 2 else 0.3,
                    pathology="malignant" if number % 4 == 1 else "benign",
                )
            )
        normal = make_row(run=run, id=f"{fold}-n", group=f"{fold}-n", probability=quiet)
        rows.append({**normal, "lesion_px": 0, "dice": "", "iou": "", "pathology": "normal"})
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name not in ("normal", "part")])
        writer.writeheader()
        writer.writerows({k: v for k, v in row.items() if k in writer.fieldnames} for row in rows)
    return path
