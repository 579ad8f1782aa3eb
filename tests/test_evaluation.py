"""evaluate.json scores what inference.json writes, for the whole frame.

Images: a dual frame of two B-mode images of 64 x 96 side by side; the lesion of the right one is
so dark that it does not show unless that image is normalised by itself.
"""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bundle_runs import run_brightness, run_config
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.datasets import list_regions
from pipeline.phantom.phantom_dicom import make_phantom_dataset, make_region
from pipeline.readers import UltrasoundReader

IMAGE, LABEL = make_orientation_phantom(64, 96)
LEFT, RIGHT = np.s_[20:84, 10:106], np.s_[30:94, 130:226]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A datalist of a dual DICOM frame with lesions on both sides, and a PNG of one image."""
    folder = tmp_path / "data"
    folder.mkdir()
    picture, label = np.zeros((110, 240), np.uint8), np.zeros((110, 240), np.uint8)
    picture[LEFT], picture[RIGHT] = IMAGE, IMAGE[:, ::-1] // 3
    label[LEFT], label[RIGHT] = LABEL * 255, LABEL[:, ::-1] * 255
    dataset = make_phantom_dataset(picture)
    dataset.SequenceOfUltrasoundRegions = [
        make_region((place[1].start, place[0].start, place[1].stop - 1, place[0].stop - 1), (1, 1))
        for place in (LEFT, RIGHT)
    ]
    dataset.save_as(folder / "dual.dcm", enforce_file_format=True)
    Image.fromarray(label).save(folder / "dual-label.png")
    Image.fromarray(IMAGE).save(folder / "plain.png")
    Image.fromarray(LABEL.astype(np.uint8) * 255).save(folder / "plain-label.png")
    items = [
        {"image": image, "label": label, "id": image.replace(".", "-"), "pathology": "benign"}
        for image, label in (("dual.dcm", "dual-label.png"), ("plain.png", "plain-label.png"))
    ]
    (folder / "datalist.json").write_text(json.dumps({"test": items, "validation": items}))
    return folder


def read_bright(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file) == 255


def evaluate(data: Path, output: Path, **overrides: Any) -> dict[str, dict[str, str]]:
    """Run evaluate.json with the network of `run_brightness`; its rows by id."""
    weights = output.parent / "identity.pt"
    torch.save({}, weights)
    settings = {
        "dataset_dir": str(data),
        "output_dir": str(output),
        "ckpt": str(weights),
        "network_def": {"_target_": "torch.nn.Identity"},
        "threshold": 0.87,
        "min_lesion_probability": 0.9,
        "image_size": [128, 128],
    }
    run_config("evaluate", **{**settings, **overrides})
    with (output / "per_image.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def test_all_images_of_a_frame_are_scored(data: Path, tmp_path: Path) -> None:
    rows = evaluate(data, tmp_path / "eval")
    assert float(rows["dual-dcm"]["dice"]) > 0.95
    assert float(rows["plain-png"]["dice"]) > 0.95
    summary = json.loads((tmp_path / "eval" / "summary.json").read_text())
    assert summary["lesion"]["images"] == 2


def test_what_is_scored_is_the_mask_that_inference_writes(data: Path, tmp_path: Path) -> None:
    rows = evaluate(data, tmp_path / "eval")
    run_brightness(data, tmp_path / "out")
    masks = {"dual-dcm": "dual.dcm.png", "plain-png": "plain.png"}
    for name, mask_file in masks.items():
        mask = read_bright(tmp_path / "out" / "masks" / mask_file)
        truth = read_bright(data / f"{name.split('-')[0]}-label.png")
        dice = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
        assert float(rows[name]["dice"]) == pytest.approx(dice, abs=1e-6)
        assert int(rows[name]["pred_px"]) == mask.sum()


def test_key_metric_is_of_the_whole_frame(data: Path, tmp_path: Path) -> None:
    weights = tmp_path / "identity.pt"
    torch.save({}, weights)
    workflow = run_config(
        "evaluate",
        dataset_dir=str(data),
        output_dir=str(tmp_path / "eval"),
        ckpt=str(weights),
        network_def={"_target_": "torch.nn.Identity"},
        threshold=0.87,
        min_lesion_probability=0.9,
        image_size=[128, 128],
    )
    evaluator = workflow.parser.get_parsed_content("evaluator")
    assert evaluator.state.metrics["mean_dice"] > 0.95


@pytest.mark.parametrize("key", ["min_lesion_share", "min_lesion_px", "threshold"])
def test_settings_of_inference_are_those_of_evaluation(
    key: str, data: Path, tmp_path: Path
) -> None:
    values = {"min_lesion_share": 1.0, "min_lesion_px": 10_000, "threshold": 0.99}
    rows = evaluate(data, tmp_path / "eval", **{key: values[key]})
    run_brightness(data / "dual.dcm", tmp_path / "out", **{key: values[key]})
    mask = read_bright(tmp_path / "out" / "masks" / "dual.dcm.png")
    assert int(rows["dual-dcm"]["pred_px"]) == mask.sum()


def test_training_lists_every_image_of_a_frame(data: Path) -> None:
    items = json.loads((data / "datalist.json").read_text())["validation"]
    items = [{**item, "image": str(data / item["image"])} for item in items]
    listed = list_regions(items, UltrasoundReader())
    names = [Path(item["image"]).name for item in listed]
    assert names == ["dual.dcm", "dual.dcm#region=2", "plain.png"]
    assert listed[1] == {**items[0], "image": items[0]["image"] + "#region=2"}
