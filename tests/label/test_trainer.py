"""Training in this process, on images of 60 x 90 and a cine of 48 x 64."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from label.conftest import write_study
from label.tiny_bundle import change_config, draw_mask, write_bundle
from pipeline.errors import ConfigError
from pipeline.label.label_errors import ConflictError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.trainer import Trainer
from pipeline.label.trainer_status import TrainerStatus


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    bundle = write_bundle(tmp_path / "bundle")
    write_study(tmp_path / "studies")
    settings = LabelSettings(str(tmp_path / "studies"), str(tmp_path / "labels"), str(bundle))
    return Trainer(settings.open(), bundle, tmp_path / "labels" / "training")


def _accept(trainer: Trainer, name: str, mask: np.ndarray) -> None:
    trainer.workbench.accept(*trainer.workbench.find(name), mask)


def test_training_makes_weights_that_fit(trainer):
    _accept(trainer, "a/first.png", draw_mask())
    assert trainer.run(1) == "0001"
    weights = trainer.workbench.segmenter.weights
    trainer.workbench.segmenter.check(weights.path)
    assert TrainerStatus.read(trainer.status_file) == TrainerStatus("done", 1, 1)


def test_images_and_masks_are_cut_alike(trainer, monkeypatch):
    mask = np.random.default_rng(0).random((48, 64)) > 0.5
    _accept(trainer, "sweep.dcm#frame=2", mask)
    view, _ = trainer.workbench.view(*trainer.workbench.find("sweep.dcm#frame=2"))
    seen = {}

    def look(settings, epochs):
        for path in Path(settings["dataset_dir"]).glob("*.png"):
            seen[path.name] = np.asarray(Image.open(path))
        seen["datalist"] = json.loads((Path(settings["dataset_dir"]) / "datalist.json").read_text())
        raise ConflictError("seen")

    monkeypatch.setattr(trainer, "_run_config", look)
    with pytest.raises(ConflictError, match="seen"):
        trainer.run(1)
    prediction = trainer.workbench.predict(*trainer.workbench.find("sweep.dcm#frame=2"))
    top, left, bottom, right = prediction.result.regions[0].box
    assert np.array_equal(seen["00000.png"], view[top:bottom, left:right])
    assert np.array_equal(seen["00000_mask.png"] > 0, mask[top:bottom, left:right])
    (item,) = seen["datalist"]["training"]
    assert item["pathology"] == "unknown"


def test_many_labels_leave_some_to_choose_the_best_epoch(trainer, tmp_path, monkeypatch):
    from label.tiny_bundle import draw_image, write_png

    for index in range(30):
        name = f"many_{index:02d}.png"
        write_png(tmp_path / "studies" / name, draw_image(seed=index))
    trainer.workbench.studies._walked = -10  # do not wait for the next walk
    for index in range(30):
        _accept(trainer, f"many_{index:02d}.png", draw_mask())
    settings = trainer._prepare(tmp_path / "run", 1)
    datalist = json.loads((Path(settings["dataset_dir"]) / "datalist.json").read_text())
    training, validation = ({i["group"] for i in datalist[k]} for k in ("training", "validation"))
    assert len(training) + len(validation) == 30
    assert 1 <= len(validation) <= 12
    assert not training & validation


def test_a_network_that_is_trained_already_sees_images_of_their_size_at_once(trainer, tmp_path):
    _accept(trainer, "a/first.png", draw_mask())
    settings = trainer._prepare(tmp_path / "run", 40)
    assert (settings["epochs"], settings["first_size"]) == (40, 1.0)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"loss": {"_target_": "none.such"}}, Exception),
        ({"ckpt": ""}, None),
        ({"initialize": ["$__import__('sys').exit('error: refused')"]}, Exception),
    ],
)
def test_failed_training_leaves_the_weights(trainer, changes, error):
    _accept(trainer, "a/first.png", draw_mask())
    change_config(trainer.bundle_root, "train", **changes)
    if error is None:
        assert trainer.run(1) == "0001"  # the weights in use are what it starts from, always
        return
    with pytest.raises(error):
        trainer.run(1)
    status = TrainerStatus.read(trainer.status_file)
    assert status.status == "failed"
    assert status.reason
    assert trainer.workbench.segmenter.weights.name == "original"
    assert not (trainer.folder / "run").exists()


def test_without_labels_it_is_refused(trainer):
    with pytest.raises(ConflictError, match="saved label"):
        trainer.run(1)
    assert TrainerStatus.read(trainer.status_file).status == "failed"


def test_weights_of_another_network_are_not_installed(trainer, monkeypatch):
    import torch

    _accept(trainer, "a/first.png", draw_mask())

    def write(settings, epochs):
        out = Path(settings["output_dir"])
        out.mkdir(parents=True)
        torch.save({"other": torch.zeros(1)}, out / "model.pt")

    monkeypatch.setattr(trainer, "_run_config", write)
    with pytest.raises(ConfigError, match="those of another"):
        trainer.run(1)
    assert trainer.workbench.segmenter.weights.name == "original"
