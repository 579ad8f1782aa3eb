"""What degraded pictures do to masks, in a table."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import robustness
from PIL import Image

from pipeline.metrics.image_scores import ImageScores
from pipeline.metrics.score_image import score_image

ROOT = Path(__file__).resolve().parents[2]


def score(found: int, lesion: int = 10) -> ImageScores:
    """Scores of a mask of the first pixels of a lesion."""
    pred, label = np.zeros((2, 1, 20), dtype=np.uint8)
    pred[0, :found], label[0, :lesion] = 1, 1
    return score_image(pred, label)


ROWS: robustness.Rows = {
    "plain": [
        ("lesion", "a", score(10)),
        ("lesion", "b", score(10)),
        ("normal", "c", score(0, 0)),
        ("part", "a", score(0, 0)),
        ("part", "b", score(3, 0)),
    ],
    "worse": [
        ("lesion", "a", score(0)),
        ("lesion", "b", score(10)),
        ("normal", "c", score(2, 0)),
        ("part", "a", score(1, 0)),
        ("part", "b", score(3, 0)),
    ],
}


def test_sums_are_means_their_differences_and_shares() -> None:
    plain, worse = robustness.sum_up(ROWS, "BrEaST", 0.4)

    assert plain == {
        "hospital": "BrEaST",
        "operating_point": "0.4",
        "images": "plain",
        "dice": "1.000",
        "difference": "",
        "missed": "0 of 2",
        "normals_marked": "0 of 1",
        "parts_marked": "1 of 2",
    }
    assert worse["difference"] == "-0.500 (-1.000 to +0.000)"
    assert (worse["missed"], worse["normals_marked"]) == ("1 of 2", "1 of 1")


def test_table_has_a_line_of_each_degradation() -> None:
    lines = robustness.format_table(robustness.sum_up(ROWS, "BrEaST", 0.4)).splitlines()

    assert lines[0].startswith("| BrEaST, left out, operating point 0.4 | Dice |")
    assert lines[2:] == [
        "| plain | 1.000 |  | 0 of 2 | 0 of 1 | 1 of 2 |",
        "| worse | 0.500 | -0.500 (-1.000 to +0.000) | 1 of 2 | 1 of 1 | 2 of 2 |",
    ]


def test_a_run_is_scored_by_its_own_weights_on_its_test_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "without-breast" / "data"
    (tmp_path / "without-breast" / "train").mkdir(parents=True)
    data.mkdir()
    shutil.copy(ROOT / "models" / "model.pt", tmp_path / "without-breast" / "train" / "model.pt")
    rows, columns = np.indices((200, 300))
    lesion = ((rows - 90) / 30) ** 2 + ((columns - 70) / 35) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 12, lesion.shape)
    image = np.where(lesion, 20, 110) + noise * np.where(lesion, 0.3, 1)
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(data / "a.png")
    Image.fromarray(lesion.astype(np.uint8) * 255).save(data / "a-label.png")
    item = {"image": "a.png", "label": "a-label.png", "group": "a"}
    (data / "datalist.json").write_text(json.dumps({"test": [item], "validation": []}))
    page = tmp_path / "page.md"
    page.write_text(f"{robustness.BEGIN}\nold\n{robustness.END}\n")
    table = tmp_path / "table.csv"
    monkeypatch.setattr(robustness, "PAGE", page)
    monkeypatch.setattr(robustness, "TABLE", table)
    chosen = ("as it is", "zoomed in")
    monkeypatch.setattr(
        robustness, "DEGRADATIONS", {name: robustness.DEGRADATIONS[name] for name in chosen}
    )
    monkeypatch.setattr(sys, "argv", ["robustness.py", str(tmp_path / "without-breast")])

    robustness.main()

    lines = page.read_text().splitlines()
    point = robustness.read_point()
    assert lines[1].startswith(f"| BrEaST, left out, operating point {point} |")
    assert [line.split(" | ")[0] for line in lines[3:5]] == ["| as it is", "| zoomed in"]
    # The lesion is found; whether the noise beside it is marked is not what this is about.
    assert re.fullmatch(r".* \|  \| 0 of 1 \|  \| [01] of 1 \|", lines[3])
    rows = robustness.read_sums()
    assert [row["hospital"] for row in rows] == ["BrEaST", "BrEaST"]
    assert all(float(row["dice"]) > 0.8 for row in rows)
    assert not list(data.glob("lesion_free*"))
