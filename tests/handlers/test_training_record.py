"""The record beside weights, of a training of two steps an epoch."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ignite.engine import Engine, Events

from pipeline.handlers import TrainingRecord


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    """Train three epochs, each of which writes other weights."""
    (tmp_path / "train.json").write_text('{"epochs": 3}')
    (tmp_path / "datalist.json").write_text('{"name": "x", "training": [1, 2], "validation": []}')
    trainer = Engine(lambda *_: None)

    @trainer.on(Events.EPOCH_COMPLETED)
    def save(engine: Engine) -> None:
        (tmp_path / "model.pt").write_bytes(b"%d" % engine.state.epoch)

    settings = {"seed": 7, "epochs": 3}
    TrainingRecord(tmp_path, tmp_path / "train.json", tmp_path / "datalist.json", settings).attach(
        trainer
    )
    trainer.run([0, 1], max_epochs=3)
    content: dict[str, Any] = json.loads((tmp_path / "training.json").read_text())
    return content


def test_settings_and_progress(record: dict[str, Any]) -> None:
    assert record["settings"] == {"seed": 7, "epochs": 3}
    assert (record["epochs_done"], record["iterations_done"]) == (3, 6)
    assert record["images"] == {"training": 2, "validation": 0}


def test_hashes_are_those_of_the_files(record: dict[str, Any]) -> None:
    assert record["config_sha256"] == hashlib.sha256(b'{"epochs": 3}').hexdigest()
    assert record["weights_sha256"] == hashlib.sha256(b"3").hexdigest()


def test_versions_are_told(record: dict[str, Any]) -> None:
    assert {"torch", "monai", "breast-us-seg", "python"} <= record["software"].keys()
