"""Runs of two recipes must not get into one table under one name."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from accuracy import RUNS, check_recipe, read_run
from accuracy_rows import RECIPE
from PIL import Image


def test_new_folder_is_of_the_present_recipe_and_may_go_on(tmp_path: Path) -> None:
    for _ in range(2):
        check_recipe(tmp_path / "work")
    assert (tmp_path / "work" / "recipe").read_text() == f"{RECIPE}\n"


@pytest.mark.parametrize("found", ["8 epochs", None])
def test_folder_of_another_or_no_recipe_is_refused(tmp_path: Path, found: str | None) -> None:
    if found:
        (tmp_path / "recipe").write_text(f"{found}\n")
    with pytest.raises(SystemExit, match="use a new folder"):
        check_recipe(tmp_path)


def test_every_hospital_is_left_out_with_two_seeds() -> None:
    for name in ("busi", "busbra", "breast"):
        options, seed = RUNS[f"without-{name}"]
        again, other = RUNS[f"without-{name}-1"]
        assert options == again
        assert options[:2] == ["--test-source", name]
        assert (seed, other) == (0, 1)


def test_rows_have_what_their_labels_know(tmp_path: Path) -> None:
    label = np.zeros((40, 50), np.uint8)
    label[20:30, 5:15] = 255
    Image.fromarray(label).save(tmp_path / "label.png")
    item = {"id": "a", "label": "../label.png", "device": "GE"}
    data, test = tmp_path / "data", tmp_path / "test"
    for folder in (data, test):
        folder.mkdir()
    (data / "datalist.json").write_text(json.dumps({"test": [item]}))
    (test / "summary.json").write_text("{}")
    with (test / "per_image.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "dice"], ["a", "0.5"]])
    (row,) = read_run(tmp_path, "without-busi")
    assert row == {
        "run": "without-busi",
        "list": "test",
        "id": "a",
        "dice": "0.5",
        "device": "GE",
        "image_px": 2000,
        "depth": "0.6125",  # row 24.5 of 40
    }
