"""The checks before a run: each slip ends the process with one line that says what to do."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.checks import (
    check_datalist,
    check_evaluation,
    check_inference,
    check_training,
    check_weights,
    clear_output,
)
from pipeline.errors import ConfigError
from pipeline.inferers import Model


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 1).state_dict(), path)
    return path


def write_datalist(folder: Path, **lists: Any) -> str:
    path = folder / "datalist.json"
    path.write_text(json.dumps(lists))
    return str(path)


@pytest.mark.parametrize(
    ("dataset_dir", "expected"),
    [
        ("nowhere", "--dataset_dir: expected images at .* found nothing"),
        ("empty", "found an empty folder"),
    ],
)
def test_inference_without_images(
    tmp_path: Path, weights: Path, dataset_dir: str, expected: str
) -> None:
    (tmp_path / "empty").mkdir()
    model = Model(weights, torch.nn.Linear(2, 1))
    with pytest.raises(SystemExit, match=expected):
        check_inference(str(tmp_path / dataset_dir), str(tmp_path / "out"), model)


def test_inference_into_its_own_input(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(SystemExit, match="--output_dir: expected another place"):
        check_inference(str(tmp_path), f"{tmp_path}/x/..", Model(weights, torch.nn.Linear(2, 1)))


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected weights at .*none\.pt, found none"):
        check_weights(str(tmp_path / "none.pt"), torch.nn.Linear(2, 1))


def test_weights_of_another_network(weights: Path) -> None:
    check_weights(str(weights), torch.nn.Linear(2, 1))
    with pytest.raises(ConfigError, match="got those of another"):
        check_weights(str(weights), torch.nn.Linear(3, 1))


def test_weights_that_are_garbage(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"garbage")
    with pytest.raises(ConfigError, match="expected a state_dict"):
        check_weights(str(path), torch.nn.Linear(2, 1))


def test_weights_whose_hash_disagrees(weights: Path) -> None:
    beside = weights.with_name("model.pt.sha256")
    beside.write_text(f"{hashlib.sha256(weights.read_bytes()).hexdigest()}  model.pt\n")
    check_weights(str(weights), torch.nn.Linear(2, 1))
    beside.write_text(f"{'0' * 64}  model.pt\n")
    with pytest.raises(ConfigError, match="damaged or replaced"):
        check_weights(str(weights), torch.nn.Linear(2, 1))


def test_missing_datalist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="breast-us-seg prepare"):
        check_datalist(str(tmp_path / "datalist.json"), str(tmp_path), ["test"])


def test_damaged_datalist(tmp_path: Path) -> None:
    (tmp_path / "datalist.json").write_text('{"test": [')
    with pytest.raises(ConfigError, match="expected JSON"):
        check_datalist(str(tmp_path / "datalist.json"), str(tmp_path), ["test"])


def test_empty_list(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the list 'test' of .* found none"):
        check_datalist(write_datalist(tmp_path, test=[]), str(tmp_path), ["test"])


def test_datalist_whose_image_is_gone(tmp_path: Path) -> None:
    path = write_datalist(tmp_path, test=[{"image": "gone.png", "label": "gone.png"}])
    with pytest.raises(ConfigError, match=r"gone\.png, named in"):
        check_datalist(path, str(tmp_path), ["test"])


def test_resume_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    item = {"image": "a.png", "label": "a.png"}
    path = write_datalist(tmp_path, training=[item], validation=[item])
    network = torch.nn.Linear(2, 1)
    check_training(path, str(tmp_path), str(tmp_path), resume=False, ckpt="", network=network)
    with pytest.raises(SystemExit, match=r"--resume: expected a training at .* start without it"):
        check_training(path, str(tmp_path), str(tmp_path), resume=True, ckpt="", network=network)


def test_paths_count_from_the_data_folder_and_not_from_the_datalist(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.png").touch()
    path = write_datalist(tmp_path / "elsewhere", test=[{"image": "a.png", "label": "a.png"}])
    check_datalist(path, str(tmp_path), ["test"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    network = torch.nn.BatchNorm1d(2)  # has a counter too, which is no fraction
    state = network.state_dict()
    torch.save(state, tmp_path / "model.pt")
    check_weights(str(tmp_path / "model.pt"), network)
    state["bias"][1] = value
    torch.save(state, tmp_path / "model.pt")
    with pytest.raises(ConfigError, match="got NaN or infinity in bias: its training has failed"):
        check_weights(str(tmp_path / "model.pt"), network)


def test_output_that_is_a_file(tmp_path: Path, weights: Path) -> None:
    (tmp_path / "a.png").touch()
    item = {"image": "a.png", "label": "a.png"}
    path = write_datalist(tmp_path, training=[item], test=[item])
    data, file, network = str(tmp_path), str(weights), torch.nn.Linear(2, 1)
    refused = "--output_dir: expected a folder for the results"
    with pytest.raises(SystemExit, match=refused):
        check_inference(data, file, Model(file, network))
    with pytest.raises(SystemExit, match=refused):
        check_training(path, data, file, resume=False, ckpt="", network=network)
    with pytest.raises(SystemExit, match=refused):
        check_evaluation(path, data, file, "test", Model(file, network))


def test_results_of_another_run_are_kept(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_text("hours")
    with pytest.raises(SystemExit, match=r"--output_dir: .* got .*model\.pt.* --overwrite"):
        clear_output(str(tmp_path), ["last.pt", "model.pt"], overwrite=False)
    clear_output(str(tmp_path), ["last.pt", "model.pt"], overwrite=False, resume=True)
    assert (tmp_path / "model.pt").read_text() == "hours"


def test_results_are_overwritten_if_wanted(tmp_path: Path) -> None:
    for name in ("model.pt", "notes.txt"):
        (tmp_path / name).touch()
    clear_output(str(tmp_path), ["last.pt", "model.pt"], overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    clear_output(str(tmp_path / "new"), ["model.pt"], overwrite=False)


def test_weights_that_the_run_starts_from_are_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.touch()
    with pytest.raises(SystemExit, match="--ckpt: expected other weights"):
        clear_output(str(tmp_path), ["model.pt"], overwrite=True, ckpt=str(path))
    assert path.exists()
