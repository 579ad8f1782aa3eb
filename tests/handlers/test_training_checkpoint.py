"""Checkpoints of a network of one weight, which every iteration raises by 1."""

import io
import os
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine, Events

from pipeline.errors import ConfigError, WriteError
from pipeline.handlers import TrainingCheckpoint

METRICS = [0.5, 0.7, 0.6, 0.9]
"""Validation of each epoch."""


class Weight(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


def train(
    output: Path, epochs: int = 4, *, stop_after: int = 4, resume: bool = False, name: str = "net"
) -> Weight:
    network = Weight()
    evaluator = Engine(lambda *_: None)
    evaluator.state.best_metric, evaluator.state.best_metric_epoch = -1, -1

    def step(engine: Engine, batch: int) -> None:
        network.weight.data += 1

    trainer = Engine(step)

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate() -> None:
        metric = METRICS[trainer.state.epoch - 1]
        if metric > evaluator.state.best_metric:
            evaluator.state.best_metric = metric
            evaluator.state.best_metric_epoch = trainer.state.epoch

    TrainingCheckpoint(output, network, {name: network}, evaluator, resume=resume).attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED(once=stop_after), trainer.terminate)
    trainer.run([0, 0], max_epochs=epochs)
    return network


def read_weight(path: Path) -> float:
    return torch.load(path, weights_only=True)["weight"].item()


@pytest.mark.parametrize(("epochs", "best"), [(1, 1), (2, 2), (3, 2), (4, 4)])
def test_model_is_that_of_the_best_epoch(epochs: int, best: int, tmp_path: Path) -> None:
    train(tmp_path, stop_after=epochs)
    assert read_weight(tmp_path / "model.pt") == 2 * best


def test_last_is_that_of_the_last_epoch(tmp_path: Path) -> None:
    train(tmp_path, stop_after=3)
    checkpoint = torch.load(tmp_path / "last.pt", weights_only=True)
    assert checkpoint["objects"]["net"]["weight"].item() == 6
    assert (checkpoint["best_metric"], checkpoint["best_metric_epoch"]) == (0.7, 2)


def test_resumed_training_goes_on(tmp_path: Path) -> None:
    train(tmp_path, stop_after=3)
    assert train(tmp_path, resume=True).weight.item() == 8


def test_resumed_training_keeps_a_better_network(tmp_path: Path) -> None:
    train(tmp_path, stop_after=2)
    train(tmp_path, stop_after=3, resume=True)
    assert read_weight(tmp_path / "model.pt") == 4


def test_without_resume_a_training_starts_anew(tmp_path: Path) -> None:
    train(tmp_path, stop_after=3)
    assert train(tmp_path, stop_after=1).weight.item() == 2


def test_resume_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="start it without --resume true"):
        train(tmp_path, resume=True)


def test_resume_of_other_objects(tmp_path: Path) -> None:
    train(tmp_path, stop_after=1)
    with pytest.raises(ConfigError, match=r"expected \['other', 'trainer'\] .* got \['net'"):
        train(tmp_path, resume=True, name="other")


def test_resume_with_other_epochs(tmp_path: Path) -> None:
    train(tmp_path, stop_after=1)
    with pytest.raises(ConfigError, match=r"expected 4 epochs of 2 iterations .* got 3 of 2"):
        train(tmp_path, epochs=3, resume=True)


class Broken(BaseException):
    """A kill in the middle of a save."""


@pytest.mark.parametrize("place", ["serialise", "write", "rename"])
def test_files_are_whole_when_a_save_is_killed(place: str, tmp_path: Path, monkeypatch) -> None:
    train(tmp_path, stop_after=2)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    save = torch.save

    def save_half(content: object, file) -> None:
        buffer = io.BytesIO()
        save(content, buffer)
        with open(file, "wb") if isinstance(file, (str, Path)) else file as target:
            target.write(buffer.getvalue()[:100])
        raise Broken

    class HalfFile(io.FileIO):
        def write(self, content: bytes) -> int:
            super().write(content[:100])
            raise Broken

    def break_off(*args: object) -> None:
        raise Broken

    if place == "serialise":
        monkeypatch.setattr(torch, "save", save_half)
    elif place == "write":
        monkeypatch.setattr(Path, "open", lambda path, mode: HalfFile(path, mode))
    else:
        monkeypatch.setattr(os, "replace", break_off)
    with pytest.raises(Broken):
        train(tmp_path, stop_after=1)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(WriteError, match="expected to write"):
        train(tmp_path / "out")
