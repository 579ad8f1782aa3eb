"""What degraded pictures do to masks, in a table."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import robustness  # noqa: E402

from pipeline.metrics.image_scores import ImageScores  # noqa: E402
from pipeline.metrics.score_image import score_image  # noqa: E402


def score(found: int, lesion: int = 10) -> ImageScores:
    """Scores of a mask of the first pixels of a lesion."""
    pred, label = np.zeros((2, 1, 20), dtype=np.uint8)
    pred[0, :found], label[0, :lesion] = 1, 1
    return score_image(pred, label)


OLD, NEW = robustness.RECIPES[-2:]

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
    plain, worse = robustness.sum_up(ROWS, NEW)

    assert plain == {
        "recipe": NEW,
        "images": "plain",
        "dice": "1.000",
        "difference": "",
        "missed": "0 of 2",
        "normals_marked": "0 of 1",
        "parts_marked": "1 of 2",
    }
    assert worse["difference"] == "-0.500 (-1.000 to +0.000)"
    assert (worse["missed"], worse["normals_marked"]) == ("1 of 2", "1 of 1")


def test_table_shows_the_newest_recipe_beside_the_one_before() -> None:
    old = robustness.sum_up(ROWS, OLD)
    oldest = robustness.sum_up({"plain": ROWS["worse"]}, robustness.RECIPES[0])
    new = robustness.sum_up({"plain": ROWS["worse"], "worse": ROWS["plain"]}, NEW)

    lines = robustness.format_table([*oldest, *new, *old]).splitlines()

    assert len(lines) == 4
    cells = lines[3].strip("| ").split(" | ")
    assert cells == [
        "worse",
        "1.000, before 0.500",
        "+0.500 (+0.000 to +1.000), before -0.500",
        "0 of 2, before 1 of 2",
        "0 of 1, before 1 of 1",
        "1 of 2, before 2 of 2",
    ]


def test_runs_are_scored_by_their_own_weights_on_their_validation_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "run" / "data"
    (tmp_path / "run" / "train").mkdir(parents=True)
    data.mkdir()
    shutil.copy(ROOT / "models" / "model.pt", tmp_path / "run" / "train" / "final.pt")
    rows, columns = np.indices((200, 300))
    lesion = ((rows - 90) / 30) ** 2 + ((columns - 70) / 35) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 12, lesion.shape)
    image = np.where(lesion, 20, 110) + noise * np.where(lesion, 0.3, 1)
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(data / "a.png")
    Image.fromarray(lesion.astype(np.uint8) * 255).save(data / "a-label.png")
    item = {"image": "a.png", "label": "a-label.png", "group": "a"}
    (data / "datalist.json").write_text(json.dumps({"test": [], "validation": [item]}))
    (tmp_path / "recipe").write_text(f"{NEW}\n")
    page = tmp_path / "page.md"
    page.write_text(f"{robustness.BEGIN}\nold\n{robustness.END}\n")
    table = tmp_path / "table.csv"
    table.write_text(
        "recipe,images,dice,difference,missed,normals_marked,parts_marked\n"
        f'"{NEW}",as it is,0.1,,,,\n"{OLD}",as it is,0.2,+0.0 (0 to 1),1 of 9,1 of 7,\n'
    )
    monkeypatch.setattr(robustness, "PAGE", page)
    monkeypatch.setattr(robustness, "TABLE", table)
    chosen = ("as it is", "zoomed in")
    monkeypatch.setattr(
        robustness, "DEGRADATIONS", {name: robustness.DEGRADATIONS[name] for name in chosen}
    )
    monkeypatch.setattr(sys, "argv", ["robustness.py", str(tmp_path / "run")])

    robustness.main()

    lines = page.read_text().splitlines()[3:-1]
    assert [line.split(" | ")[0] for line in lines] == ["| as it is", "| zoomed in"]
    cells = lines[0].strip("| ").split(" | ")
    assert float(cells[1].removesuffix(", before 0.2")) > 0.8
    assert cells[3:5] == ["0 of 1, before 1 of 9", ", before 1 of 7"]
    rows = robustness.read_sums()
    assert [row["recipe"] for row in rows] == [OLD, NEW, NEW]
    assert float(rows[2]["dice"]) > 0.8
    assert not list(data.glob("lesion_free*"))


@pytest.mark.parametrize("recipes", [("unknown",), (OLD, NEW)])
def test_runs_of_another_recipe_are_refused(
    recipes: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for number, recipe in enumerate(recipes):
        work = tmp_path / str(number)
        (work / "fold-0").mkdir(parents=True)
        (work / "recipe").write_text(recipe)
        runs.append(str(work / "fold-0"))
    monkeypatch.setattr(sys, "argv", ["robustness.py", *runs])

    with pytest.raises(SystemExit, match="expected runs of one of the recipes"):
        robustness.main()
