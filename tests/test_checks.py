"""The checks before a run: each slip ends the process with one line that says what to do."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.checks import (
    check_datalist,
    check_image_size,
    check_inference,
    check_overrides,
    check_training,
    check_weights,
)

BUNDLE_RUN = ["/python/monai/bundle/__main__.py", "run"]


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"dataset_dir": "images", "flip": True, "train": {"epochs": 1}}))
    return str(path)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    torch.save(torch.nn.Linear(2, 1).state_dict(), path)
    return path


def write_datalist(folder: Path, **lists: Any) -> str:
    path = folder / "datalist.json"
    path.write_text(json.dumps(lists))
    return str(path)


def refuse(argv: list[str]) -> str:
    with pytest.raises(SystemExit) as refusal:
        check_overrides([*BUNDLE_RUN, *argv])
    assert isinstance(refusal.value.code, str)
    return refusal.value.code


def test_unknown_override_is_refused_with_a_guess(config: str) -> None:
    message = refuse(["--config_file", config, "--dataset_dri", "x"])
    assert "--dataset_dri is not in" in message
    assert "did you mean --dataset_dir?" in message


@pytest.mark.parametrize(
    "override",
    [
        ["--dataset_dir", "x"],
        ["--dataset-dir", "x"],
        ["--dataset_dir=x"],
        ["--train#epochs", "2"],
        ["--train::epochs", "2"],
        ["--meta_file", "m.json"],
        ["--flip"],
        ["--flip", "--dataset_dir", "x"],
        ["--flip", "False"],
        ["--flip", "true"],
    ],
)
def test_known_override_passes(config: str, override: list[str]) -> None:
    check_overrides([*BUNDLE_RUN, "--config_file", config, *override])


def test_list_of_configs_knows_the_keys_of_both(config: str, tmp_path: Path) -> None:
    second = tmp_path / "second.json"
    second.write_text('{"epochs": 3}')
    both = f"['{config}','{second}']"
    check_overrides([*BUNDLE_RUN, "--config_file", both, "--epochs", "1", "--flip", "True"])


def test_switch_that_would_count_as_true_is_refused(config: str) -> None:
    message = refuse(["--config_file", config, "--flip", "false"])
    assert message == "error: expected --flip True or --flip False, got 'false'"


def test_command_line_of_another_program_is_not_looked_at(config: str) -> None:
    check_overrides(["pytest", "--config_file", config, "--nonsense", "1"])


@pytest.mark.parametrize(
    ("dataset_dir", "expected"),
    [("nowhere", "found nothing: set --dataset_dir"), ("empty", "found an empty folder")],
)
def test_inference_without_images(
    tmp_path: Path, weights: Path, dataset_dir: str, expected: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match=expected):
        check_inference(
            str(tmp_path / dataset_dir), str(tmp_path / "out"), str(weights), torch.nn.Linear(2, 1)
        )


def test_inference_into_its_own_input(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(SystemExit, match="--output_dir to differ"):
        check_inference(str(tmp_path), f"{tmp_path}/x/..", str(weights), torch.nn.Linear(2, 1))


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"expected weights at .*none\.pt, found none"):
        check_weights(str(tmp_path / "none.pt"), torch.nn.Linear(2, 1))


def test_weights_of_another_network(weights: Path) -> None:
    check_weights(str(weights), torch.nn.Linear(2, 1))
    with pytest.raises(SystemExit, match="got those of another"):
        check_weights(str(weights), torch.nn.Linear(3, 1))


def test_weights_that_are_garbage(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"garbage")
    with pytest.raises(SystemExit, match="expected a state_dict"):
        check_weights(str(path), torch.nn.Linear(2, 1))


def test_weights_whose_hash_disagrees(weights: Path) -> None:
    beside = weights.with_name("model.pt.sha256")
    beside.write_text(f"{hashlib.sha256(weights.read_bytes()).hexdigest()}  model.pt\n")
    check_weights(str(weights), torch.nn.Linear(2, 1))
    beside.write_text(f"{'0' * 64}  model.pt\n")
    with pytest.raises(SystemExit, match="damaged or replaced"):
        check_weights(str(weights), torch.nn.Linear(2, 1))


def test_missing_datalist(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="breast-us-seg prepare"):
        check_datalist(str(tmp_path / "datalist.json"), str(tmp_path), ["test"])


def test_damaged_datalist(tmp_path: Path) -> None:
    (tmp_path / "datalist.json").write_text('{"test": [')
    with pytest.raises(SystemExit, match="expected JSON"):
        check_datalist(str(tmp_path / "datalist.json"), str(tmp_path), ["test"])


def test_empty_list(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"the list 'test' of .* found none"):
        check_datalist(write_datalist(tmp_path, test=[]), str(tmp_path), ["test"])


def test_datalist_whose_image_is_gone(tmp_path: Path) -> None:
    path = write_datalist(tmp_path, test=[{"image": "gone.png", "label": "gone.png"}])
    with pytest.raises(SystemExit, match=r"gone\.png, named in"):
        check_datalist(path, str(tmp_path), ["test"])


def test_resume_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    item = {"image": "a.png", "label": "a.png"}
    path = write_datalist(tmp_path, training=[item], validation=[item])
    network = torch.nn.Linear(2, 1)
    check_training(path, str(tmp_path), str(tmp_path), resume=False, ckpt="", network=network)
    with pytest.raises(SystemExit, match="found none: start without resume"):
        check_training(path, str(tmp_path), str(tmp_path), resume=True, ckpt="", network=network)


def test_paths_count_from_the_data_folder_and_not_from_the_datalist(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.png").touch()
    path = write_datalist(tmp_path / "elsewhere", test=[{"image": "a.png", "label": "a.png"}])
    check_datalist(path, str(tmp_path), ["test"])


@pytest.mark.parametrize("size", [[256, 200], [0, 256], [256], [256, 256, 256]])
def test_image_size_that_the_network_cannot_halve_is_refused(size: list[int]) -> None:
    with pytest.raises(SystemExit, match="multiples of 32"):
        check_image_size(size)


def test_image_size_need_not_be_square() -> None:
    check_image_size((96, 320))
