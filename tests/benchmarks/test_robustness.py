"""What degraded pictures do to masks, in a table."""

import json
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


RELEASED, OTHER = (robustness.CHANGES[name][0] for name in ("release", "artefacts"))

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
    plain, worse = robustness.sum_up(ROWS, RELEASED, 0.4)

    assert plain == {
        "network": RELEASED,
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


def test_each_network_has_a_table() -> None:
    lines = robustness.format_tables(
        robustness.sum_up(ROWS, RELEASED, 0.4)
        + robustness.sum_up({"plain": ROWS["plain"]}, OTHER, 0.3)
    ).splitlines()

    assert lines[0].startswith(f"| {RELEASED}, operating point 0.4 | Dice |")
    assert lines[2] == "| plain | 1.000 |  | 0 of 2 | 0 of 1 | 1 of 2 |"
    worse = "| worse | 0.500 | -0.500 (-1.000 to +0.000) | 1 of 2 | 1 of 1 | 2 of 2 |"
    assert lines[3:5] == [worse, ""]
    assert lines[5].startswith(f"| {OTHER}, operating point 0.3 | Dice |")
    assert lines[7:] == [lines[2]]


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
    (tmp_path / "recipe").write_text(f"{robustness.RECIPES[-1]}\n")
    page = tmp_path / "page.md"
    page.write_text(f"{robustness.BEGIN}\nold\n{robustness.END}\n")
    table = tmp_path / "table.csv"
    table.write_text(
        "network,operating_point,images,dice,difference,missed,normals_marked,parts_marked\n"
        f'"{OTHER}",0.3,as it is,0.1,,,,\nan old one,0.3,as it is,0.3,,,,\n'
        f"{RELEASED},0.3,as it is,0.2,,,,\n"
    )
    monkeypatch.setattr(robustness, "PAGE", page)
    monkeypatch.setattr(robustness, "TABLE", table)
    chosen = ("as it is", "zoomed in")
    monkeypatch.setattr(
        robustness, "DEGRADATIONS", {name: robustness.DEGRADATIONS[name] for name in chosen}
    )
    monkeypatch.setattr(sys, "argv", ["robustness.py", str(tmp_path / "run")])

    robustness.main()

    lines = page.read_text().splitlines()
    point = robustness.read_config({})["min_lesion_probability"]
    assert lines[1].startswith(f"| {RELEASED}, operating point {point} |")
    assert [line.split(" | ")[0] for line in lines[3:5]] == ["| as it is", "| zoomed in"]
    assert lines[3].endswith(" |  | 0 of 1 |  | 0 of 1 |")
    assert lines[-2] == "| as it is | 0.1 |  |  |  |  |"
    rows = robustness.read_sums()
    assert [row["network"] for row in rows] == [RELEASED, RELEASED, OTHER]
    assert all(float(row["dice"]) > 0.8 for row in rows[:2])
    assert not list(data.glob("lesion_free*"))


def test_a_run_of_an_ablation_has_its_name_and_the_images_of_fold_0(tmp_path: Path) -> None:
    data = tmp_path / "fold-0" / "data"
    data.mkdir(parents=True)
    for name in ("a.png", "a-label.png"):
        Image.new("L", (30, 20)).save(data / name)
    item = {"image": "a.png", "label": "a-label.png", "group": "b"}
    (data / "datalist.json").write_text(json.dumps({"validation": [item]}))
    run = tmp_path / "ablations" / "artefacts"

    assert robustness.name_network(run) == OTHER
    ((kind, group, (image, _)),) = robustness.list_images(run)
    assert (kind, group, image.shape) == ("normal", "b", (20, 30))


@pytest.mark.parametrize("recipe", [robustness.RECIPES[0], None])
def test_runs_of_another_recipe_are_refused(recipe: str | None, tmp_path: Path) -> None:
    (tmp_path / "fold-0").mkdir()
    if recipe:
        (tmp_path / "recipe").write_text(recipe)

    with pytest.raises(SystemExit, match=f"expected a run of '{robustness.RECIPES[-1]}'"):
        robustness.name_network(tmp_path / "fold-0")


def test_runs_of_two_names_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipe").write_text(robustness.RECIPES[-1])
    runs = [str(tmp_path / "fold-0"), str(tmp_path / "ablations" / "artefacts")]
    monkeypatch.setattr(sys, "argv", ["robustness.py", *runs])

    with pytest.raises(SystemExit, match="expected runs of one name"):
        robustness.main()
