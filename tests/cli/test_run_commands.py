"""`infer`, `train` and `evaluate` on tiny images: names are data, and results are kept.

The network of `infer` and `evaluate` returns its input, that of `train` has two levels; both come
from a config laid over the command's own.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.utils.tensorboard  # before `infer`, which keeps MONAI from importing it
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.cli.main import main

IDENTITY = {
    "network_def": {"_target_": "torch.nn.Identity"},
    "image_size": [64, 64],
    "threshold": 0.87,
}
TINY = {
    "network_def": {
        "_target_": "monai.networks.nets.UNet",
        "spatial_dims": 2,
        "in_channels": 1,
        "out_channels": 2,
        "channels": [4, 8],
        "strides": [2],
    },
    "pretrained": False,
    "image_size": [32, 32],
    "batch_size": 2,
    "num_workers": 0,
}
NASTY = ["$none", "@ckpt", "%x", "a#b", "a::b", "Größe", "it's"]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Run a command with its config changed; give the exit code and the last line."""
    torch.save({}, tmp_path / "identity.pt")

    def run_command(command: str, *words: Any) -> tuple[int, str]:
        changes = tmp_path / f"changes-{command}.json"
        changes.write_text(json.dumps(TINY if command == "train" else IDENTITY))
        options = [] if command == "train" else ["--weights", tmp_path / "identity.pt"]
        arguments = [command, *words, "--config", changes, *options]
        try:
            code = main([*map(str, arguments)])
        except SystemExit as end:
            code = end.code
        lines = capfd.readouterr().err.strip().splitlines()
        return code, lines[-1] if lines else ""

    return run_command


def write_images(folder: Path) -> Path:
    folder.mkdir(parents=True)
    image, label = make_orientation_phantom(48, 60)
    items = []
    for number in range(3):
        Image.fromarray(image).save(folder / f"{number}.png")
        Image.fromarray(label.astype(np.uint8) * 255).save(folder / f"{number}-label.png")
        names = {"image": f"{number}.png", "label": f"{number}-label.png"}
        items.append({**names, "id": f"n{number}"})
    lists = {"training": items[:2], "validation": items[2:], "test": items}
    (folder / "datalist.json").write_text(json.dumps(lists))
    return folder


def read_mask(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file)


@pytest.mark.parametrize("name", NASTY)
def test_names_of_folders_are_data(name: str, run: Any, tmp_path: Path) -> None:
    source = tmp_path / f"in {name}" / name
    source.mkdir(parents=True)
    image, label = make_orientation_phantom(48, 60)
    Image.fromarray(image).save(source / f"{name}.png")
    code, last = run("infer", source, tmp_path / name)
    assert code == 0, last
    mask = read_mask(tmp_path / name / "masks" / f"{name}.png") == 255
    assert 2 * (mask & label).sum() / (mask.sum() + label.sum()) > 0.9


def test_relative_names_are_data(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, nothing precedes the character that MONAI gives a meaning to."""
    monkeypatch.chdir(tmp_path)
    Path("$1").mkdir()
    Image.fromarray(make_orientation_phantom(48, 60)[0]).save(Path("$1", "x.png"))
    assert run("infer", "$1", "@ckpt", "--set", "outputs#seg=false")[0] == 0
    assert Path("@ckpt", "masks", "x.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["infer", "IN", "OUT", "--set", "threshold=7"], "--set threshold: expected a number"),
        (["infer", "IN", "OUT", "--set", "outputs#overlay=false"], "did you mean outputs#overlays"),
        (["infer", "nowhere", "OUT"], "IN: expected images at nowhere, found nothing"),
        (["infer", "IN", "IN"], "OUT: expected another place than that of the images"),
        (["infer", "IN", "IN/0.png"], "OUT: expected a folder for the results at IN/0.png"),
        (["train", "nowhere", "OUT"], "DATA: expected a datalist at nowhere/datalist.json"),
        (["train", "IN", "OUT", "--epochs", "0"], "--epochs: expected a whole number, 1 or more"),
        (["train", "IN", "OUT", "--resume"], "--resume: expected a training at OUT/last.pt"),
        (["train", "IN", "OUT", "--weights", "no.pt"], "--weights: expected weights at no.pt"),
        (["evaluate", "IN", "OUT", "--set", "split=x"], "expected images in the list 'x'"),
    ],
)
def test_slip_ends_with_one_line_in_the_words_of_the_command(
    words: list[str], message: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_images(Path("IN"))
    code, last = run(*words)
    assert code == 1
    assert last.startswith("breast-us-seg: error: ")
    assert message in last
    assert "--dataset_dir" not in last
    assert not Path("OUT", "masks").exists()


def test_finished_training_is_kept(run: Any, tmp_path: Path) -> None:
    data, output = write_images(tmp_path / "data"), tmp_path / "out"
    assert run("train", data, output, "--epochs", 1)[0] == 0
    before = {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()}
    assert {"model.pt", "last.pt", "training.json"} <= set(before)
    code, last = run("train", data, output, "--epochs", 1)
    assert (code, "--overwrite" in last) == (1, True)
    assert {path.name: path.read_bytes() for path in output.iterdir() if path.is_file()} == before
    assert run("train", data, output, "--epochs", 1, "--resume")[0] == 0
    assert (output / "model.pt").read_bytes() == before["model.pt"]
    assert run("train", data, output, "--epochs", 1, "--overwrite", "--set", "seed=1")[0] == 0
    assert (output / "model.pt").read_bytes() != before["model.pt"]
    config = json.loads((output / "training.json").read_text())["config"]
    assert (config["seed"], config["network_def"]) == (1, TINY["network_def"])


def test_report_of_an_evaluation_is_kept(run: Any, tmp_path: Path) -> None:
    data, output = write_images(tmp_path / "data"), tmp_path / "out"
    assert run("evaluate", data, output)[0] == 0
    before = (output / "summary.json").read_bytes()
    code, last = run("evaluate", data, output, "--split", "validation")
    assert (code, "--overwrite" in last) == (1, True)
    assert (output / "summary.json").read_bytes() == before
    assert run("evaluate", data, output, "--split", "validation", "--overwrite")[0] == 0
    assert json.loads((output / "summary.json").read_text())["images"] == 1
