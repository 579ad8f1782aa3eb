"""What is made of the runs without one part of the recipe each."""

import csv
import json
from pathlib import Path
from typing import Any

import ablations
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser

from pipeline.cli.bundle_run import list_config_files

ROOT = Path(__file__).resolve().parents[2]


def write_scores(path: Path) -> None:
    rows = [
        ("busi", "benign", 100, 0.5, 0.9, 0.2),
        ("busbra", "benign", 100, 0.7, 0.8, 0.6),
        ("busbra", "malignant", 100, 0.9, 0.3, 0.4),
        ("busi", "normal", 0, "", 0.5, ""),
    ]
    names = ("source", "pathology", "lesion_px", "dice", "probability", "malignancy")
    path.parent.mkdir(parents=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def test_scores_are_means_by_source_and_areas_under_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{ablations.BEGIN}\nold\n{ablations.END}\nafter\n")
    monkeypatch.setattr(ablations, "TABLE", tmp_path / "table.csv")
    monkeypatch.setattr(ablations, "PAGE", page)
    write_scores(tmp_path / "work" / "ablations" / "release" / "validation" / "per_image.csv")

    ablations.write_rows(tmp_path / "work")

    (row,) = ablations.read_rows(tmp_path / "table.csv")
    scores = {name: float(value) for name, value in row.items() if name != "name"}
    assert scores == pytest.approx(
        {
            "lesion_images": 3,
            "normal_images": 1,
            "dice_all": 0.7,
            "dice_busi": 0.5,
            "dice_busbra": 0.8,
            "image_auc": 0.667,  # two of three lesions are above the normal image
            "malignancy_auc": 0.5,
        }
    )
    assert "old" not in page.read_text()
    assert "| as released | 0.7000 | 0.5000 | 0.8000 | 0.667 | 0.500 |" in page.read_text()


def test_rows_of_runs_that_are_gone_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{ablations.BEGIN}\n{ablations.END}\n")
    monkeypatch.setattr(ablations, "TABLE", tmp_path / "table.csv")
    monkeypatch.setattr(ablations, "PAGE", page)
    for work, name in (("first", "short"), ("second", "release")):
        write_scores(tmp_path / work / "ablations" / name / "validation" / "per_image.csv")
        ablations.write_rows(tmp_path / work)
    names = [row["name"] for row in ablations.read_rows(tmp_path / "table.csv")]
    assert names == ["release", "short"]


def test_page_is_that_of_the_rows() -> None:
    assert ablations.format_table(ablations.read_rows()) in ablations.PAGE.read_text("utf-8")


def test_border_takes_the_place_of_the_relative_threshold() -> None:
    config = json.loads((ROOT / "configs" / "inference.json").read_text())
    transform = config["postprocessing"]["transforms"][8]
    assert transform["_target_"] == "pipeline.transforms.RelativeThresholdd"


@pytest.mark.parametrize("name", list(ablations.CHANGES))
def test_keys_are_there_to_be_changed(name: str) -> None:
    _, *changes = ablations.CHANGES[name]
    for config, keys in zip(("train", "evaluate"), changes, strict=True):
        content: dict[str, Any] = {}
        for path in list_config_files(config, ROOT):
            content |= json.loads(path.read_text())
        for key in keys:
            found = content
            for part in key.split("#"):
                found = found[int(part) if part.isdigit() else part]


@pytest.mark.parametrize(
    ("name", "transforms"),
    [
        ("artefacts", ["RandShadowd", "RandCalipersd", "RandSpeckled"]),
        ("cover", ["RandCoverLesiond"]),
        ("crops", ["RandLesionFreeCropd"]),
        ("shadows", ["RandShadowd"]),
        ("calipers", ["RandCalipersd"]),
        ("speckle", ["RandSpeckled"]),
    ],
)
def test_what_is_left_out_is_what_is_named(name: str, transforms: list[str]) -> None:
    config = json.loads((ROOT / "configs" / "train.json").read_text())
    keys = [key.split("#") for key in ablations.CHANGES[name][1] if key.startswith("augment")]
    left_out = [config["augment"][int(position)]["_target_"] for _, position, _ in keys]
    assert left_out == [f"pipeline.transforms.{transform}" for transform in transforms]
    assert all(ablations.CHANGES[name][1]["#".join(key)] == 0 for key in keys)


def test_focal_loss_differs_from_that_of_the_recipe_in_its_entropy_alone() -> None:
    recipe = json.loads((ROOT / "configs" / "train.json").read_text())["loss"]
    focal = ConfigParser({"loss": ablations.FOCAL}).get_parsed_content("loss")
    dice = focal.lesion.dice
    assert (dice.smooth_nr, dice.smooth_dr, dice.sigmoid) == (recipe["smooth"],) * 2 + (True,)
    assert focal.malignancy == recipe["malignancy"]
    logits, label = torch.tensor([[[[2.0, -1.0]]]]), torch.tensor([[[[1.0, 0.0]]]])
    wrong = torch.sigmoid(torch.tensor([-2.0, -1.0]))  # probability of the other answer
    entropy = (wrong**2 * -torch.log(1 - wrong)).mean()
    found = focal(logits, label) - dice(logits, label)
    assert float(found) == pytest.approx(float(entropy), abs=1e-6)


def test_dice_of_larger_images_is_smoothed_by_as_large_a_lesion() -> None:
    recipe = json.loads((ROOT / "configs" / "train.json").read_text())
    _, training, inference = ablations.CHANGES["large"]
    areas = [np.prod(size) for size in (training["image_size"], recipe["image_size"])]
    expected = recipe["loss"]["smooth"] * areas[0] / areas[1]
    assert training["loss#smooth"] == pytest.approx(expected)
    assert inference["image_size"] == training["image_size"]


def test_artefacts_come_before_what_moves_and_blurs_them() -> None:
    augment = json.loads((ROOT / "configs" / "train.json").read_text())["augment"]
    names = [each["_target_"].split(".")[-1] for each in augment]
    order = ["RandShadowd", "RandCalipersd", "RandAffined", "RandSpeckled", "RandGaussianNoised"]
    assert [name for name in names if name in order] == order
