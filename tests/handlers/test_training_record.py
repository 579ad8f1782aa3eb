"""The record beside weights, of a training of two steps an epoch."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from ignite.engine import Engine, Events

from pipeline.handlers import TrainingRecord

CONFIG = {"seed": 7, "epochs": 3, "network_def": {"_target_": "x"}}


@pytest.fixture
def record(tmp_path: Path) -> dict[str, Any]:
    """Train three epochs, each of which writes other weights."""
    (tmp_path / "datalist.json").write_text('{"name": "x", "training": [1, 2], "validation": []}')
    trainer = Engine(lambda *_: None)

    @trainer.on(Events.EPOCH_COMPLETED)
    def save(engine: Engine) -> None:
        (tmp_path / "model.pt").write_bytes(b"%d" % engine.state.epoch)

    (tmp_path / "start.pt").write_bytes(b"start")
    record = TrainingRecord(
        tmp_path,
        tmp_path / "datalist.json",
        ckpt=tmp_path / "start.pt",
        config={**CONFIG, "dataset_dir": "DOE^JANE", "output_dir": "x", "ckpt": "DOE/start.pt"},
    )
    record.attach(trainer)
    trainer.run([0, 1], max_epochs=3)
    content: dict[str, Any] = json.loads((tmp_path / "training.json").read_text())
    return content


def test_config_without_paths_and_progress(record: dict[str, Any]) -> None:
    assert record["config"] == CONFIG
    assert (record["epochs_done"], record["iterations_done"]) == (3, 6)
    assert record["images"] == {"training": 2, "validation": 0}


def test_hashes_are_those_of_the_files(record: dict[str, Any]) -> None:
    text = json.dumps(CONFIG, indent=2)
    assert record["config_sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert record["started_from_sha256"] == hashlib.sha256(b"start").hexdigest()
    assert record["weights_sha256"] == hashlib.sha256(b"3").hexdigest()


def test_versions_are_reported(record: dict[str, Any]) -> None:
    assert {"torch", "monai", "breast-us-seg", "python"} <= record["software"].keys()
