"""The weights of a run: opened, checked and hashed once."""

import hashlib
from pathlib import Path

import pytest
import torch

from pipeline.errors import ConfigError
from pipeline.inferers import Model
from pipeline.inferers.model_identity import MODEL_NAME


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.save({"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.ones(1)}, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_network_gets_the_weights(weights: Path) -> None:
    network = torch.nn.Linear(2, 1)
    Model(weights, network).load()
    assert network(torch.ones(1, 2)).item() == 6
    assert not network.training


def test_it_is_known_by_the_bytes_of_its_weights(weights: Path) -> None:
    identity = Model(weights, torch.nn.Linear(2, 1)).identity
    assert identity.name == MODEL_NAME
    assert identity.weights_sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()


def test_file_is_opened_once(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path) or read(path))
    model = Model(weights, torch.nn.Linear(2, 1))
    assert model.identity == model.identity
    assert model.backend == "torch"
    model.load()
    model.load()
    assert opened == [weights]


def test_weights_that_change_meanwhile_are_refused(weights: Path) -> None:
    model = Model(weights, torch.nn.Linear(2, 1))
    model.load()
    torch.save({"weight": torch.ones(1, 2), "bias": torch.ones(1)}, weights)
    with pytest.raises(ConfigError, match="changed meanwhile"):
        model.read_state()


def test_what_computes_is_named(weights: Path) -> None:
    assert Model(weights, torch.nn.Linear(2, 1), bf16=False).computed_by == "torch, float32, cpu"
