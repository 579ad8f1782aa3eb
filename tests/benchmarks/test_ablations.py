"""What is made of the runs with one part of the recipe changed each."""

import json
from pathlib import Path
from typing import Any

import ablations
import pytest
from monai.bundle import ConfigParser

from pipeline.settings.bundle_root import list_config_files

ROOT = Path(__file__).resolve().parents[2]


def make_scores(source: str, dice: tuple[float, float]) -> list[dict[str, Any]]:
    known = {"lesion_px": "100", "source": source}
    return [
        {**known, "pathology": "benign", "dice": dice[0], "probability": 0.9, "malignancy": 0.2},
        {**known, "pathology": "malignant", "dice": dice[1], "probability": 0.3, "malignancy": 0.4},
        {"lesion_px": "0", "pathology": "normal", "dice": "", "probability": 0.5, "malignancy": ""},
    ]


def test_sums_are_means_and_areas_under_curves() -> None:
    assert ablations.sum_up(make_scores("busi", (0.9, 0.05))) == {
        "lesion_images": "2",
        "dice": "0.4750",
        "missed": "0.5000",
        "image_auc": "0.500",  # one of two lesions is above the normal image
        "malignancy_auc": "1.000",
    }


def test_hospitals_have_the_same_weight_and_a_mean_needs_all_of_them() -> None:
    rows = [
        {"name": name, "hospital": hospital, **ablations.sum_up(make_scores(hospital, dice))}
        for name, hospital, dice in (
            ("release", "busi", (0.9, 0.7)),
            ("release", "busbra", (0.6, 0.6)),
            ("release", "breast", (0.3, 0.5)),
            ("mirror", "busi", (0.9, 0.5)),
        )
    ]
    lines = ablations.format_table(rows).splitlines()
    assert lines[2].startswith("| as released | 0.8000 | 0.6000 | 0.4000 | 0.6000 | 0.0000 |")
    assert lines[3] == "| without the mirrored image | 0.7000 |  |  |  |  |  |  |"


def test_page_is_that_of_the_rows() -> None:
    assert ablations.format_table(ablations.read_sums()) in ablations.PAGE.read_text("utf-8")


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


def test_steps_are_those_that_are_named() -> None:
    config = json.loads((ROOT / "configs" / "inference.json").read_text())
    (key,) = ablations.CHANGES["border"][2]
    step = config["postprocessing"]["transforms"][int(key.rpartition("#")[2])]
    assert step["_target_"] == "pipeline.transforms.RelativeThresholdd"
    zoomed = ablations.CHANGES["zoom"][1]["augment"]
    assert [step["zoom"] for step in zoomed if step["_target_"].endswith("RandViewd")] == [0.1]
    kept = {
        name: [
            step.get("transform", step)["_target_"].rpartition(".")[2]
            for step in ablations.CHANGES[name][1]["augment"]
        ]
        for name in ("artefacts", "curves")
    }
    everything = len(ablations.AUGMENT)
    assert len(kept["artefacts"]) == everything - 3
    assert not {"RandShadow", "RandCalipers", "RandSpeckle"} & set(kept["artefacts"])
    assert len(kept["curves"]) == everything - 2
    assert not {"RandHistogramShiftd", "RandGaussianSharpend"} & set(kept["curves"])
    geometry = [step["_target_"].rpartition(".")[2] for step in ablations.AUGMENT[:3]]
    assert geometry == ["RandLesionFreeCropd", "RandFlipd", "RandViewd"]


def test_dice_of_larger_images_is_smoothed_by_as_large_a_lesion() -> None:
    recipe = json.loads((ROOT / "configs" / "train.json").read_text())
    _, training, inference = ablations.CHANGES["large"]
    ratio = (training["image_size"][0] / recipe["image_size"][0]) ** 2
    assert training["loss#smooth"] == pytest.approx(recipe["loss"]["smooth"] * ratio)
    assert inference["image_size"] == training["image_size"]


def test_transforms_of_a_change_can_be_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    for name in ("cover", "artefacts"):
        for step in ablations.CHANGES[name][1]["augment"]:
            if "Rand" in step["_target_"] and "$" not in str(step):
                assert callable(ConfigParser({"step": step}).get_parsed_content("step"))
