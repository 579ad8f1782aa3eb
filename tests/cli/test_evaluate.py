"""Which operating point `evaluate` uses, with the scoring itself replaced."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import evaluate
from pipeline.cli.main import main

Calls = list[dict[str, Any]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Settings of each run of the config; a run writes two lesions and a normal image."""
    seen: Calls = []

    def run_config(name: str, *, settings: dict[str, Any], **_: Any) -> None:
        seen.append(settings)
        folder = Path(settings["output_dir"])
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "per_image.csv").open("w", newline="") as file:
            rows = [("a", 0.4, 0.8), ("a", 0.7, 0.9), ("a", 0.9, "")]
            csv.writer(file).writerows([("source", "probability", "dice"), *rows])

    monkeypatch.setattr(evaluate, "run_config", run_config)
    return seen


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "datalist.json").write_text(json.dumps({"test": [{}], "validation": [{}]}))
    return tmp_path


def run(data: Path, *words: str) -> None:
    assert main(["evaluate", str(data), str(data / "out"), *words]) == 0


def test_weights_of_ones_own_get_the_point_of_the_validation_list(
    data: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    run(data, "--weights", "mine.pt")
    validation, test = calls
    assert validation["split"] == "validation"
    assert validation["min_lesion_probability"] == 0
    assert validation["output_dir"] == str(data / "out" / "validation")
    assert (test["split"], test["min_lesion_probability"]) == (None, 0.4)
    assert test["output_dir"] == str(data / "out")
    assert "operating point 0.4, chosen on 2 images with a lesion" in capsys.readouterr().out


def test_without_a_validation_list_everything_is_shown(
    data: Path, calls: Calls, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "datalist.json").write_text(json.dumps({"test": [{}], "validation": []}))
    run(data, "--weights", "mine.pt")
    assert [call["min_lesion_probability"] for call in calls] == [0]
    assert "no validation list" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["operating_point=specific", "min_lesion_probability=0.3"])
def test_a_point_that_is_given_is_used(data: Path, calls: Calls, key: str) -> None:
    run(data, "--weights", "mine.pt", "--set", key)
    assert [call["min_lesion_probability"] for call in calls] == [None]


def test_a_config_may_give_it_too(data: Path, calls: Calls) -> None:
    (data / "mine.json").write_text(json.dumps({"min_lesion_probability": 0.3}))
    run(data, "--weights", "mine.pt", "--config", str(data / "mine.json"))
    assert len(calls) == 1


def test_the_release_has_its_own(data: Path, calls: Calls) -> None:
    run(data)
    assert [call["min_lesion_probability"] for call in calls] == [None]
