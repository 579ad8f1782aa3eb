"""The scripts in benchmarks/ import one another by name, as they do when they are run."""

import csv
import sys
from pathlib import Path

import pytest
from accuracy_row import make_row

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two hospitals left out, each with 100 lesions and 20 normal images.

    Of BUSI two lesions and half of the normal images are improbable, of BrEaST none.
    """
    rows = []
    for source in ("busi", "breast"):
        for number in range(100):
            facts = {"run": f"without-{source}", "source": source, "id": f"{source}/{number}"}
            unsure = source == "busi" and number < 2
            rows.append(
                make_row(
                    **facts,
                    group=facts["id"],
                    probability=0.3 if unsure else 0.6 + number / 500,
                    malignancy=0.7 if number % 2 else 0.3,
                    pathology="malignant" if number % 4 == 1 else "benign",
                )
            )
        for number in range(20):
            facts = {"run": f"without-{source}", "source": source, "id": f"{source}/n{number}"}
            low = 0.2 if source == "busi" and number % 2 else 0.65
            normal = make_row(**facts, group=facts["id"], probability=low, pathology="normal")
            rows.append({**normal, "lesion_px": 0, "dice": "", "iou": "", "depth": ""})
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name not in ("normal", "part")])
        writer.writeheader()
        writer.writerows({k: v for k, v in row.items() if k in writer.fieldnames} for row in rows)
    return path
