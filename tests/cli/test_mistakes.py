"""Mistakes of a beginner; each ends with one line that says what to do."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from pipeline.cli.main import main


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Run a command in a folder with ``images/scan.png``; give the exit code and the errors."""
    monkeypatch.chdir(tmp_path)
    write_image(Path("images/scan.png"))

    def run_command(command: str) -> tuple[int, list[str]]:
        try:
            code = main(command.split())
        except SystemExit as end:
            code = end.code
        return code, capfd.readouterr().err.strip().splitlines()

    return run_command


def write_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((48, 60), np.uint8)).save(path)


def write_index(path: Path) -> None:
    index = Dataset()
    index.file_meta = FileMetaDataset()
    index.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    index.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    index.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    index.FileSetID = ""
    index.DirectoryRecordSequence = []
    index.save_as(path, enforce_file_format=True)


def make_results() -> None:
    Path("results").mkdir()
    Path("results/breast-us-seg.jsonl").touch()


def make_datalist(image: str = "images/scan.png") -> None:
    items = [{"id": "a", "image": image, "label": "images/scan.png"}]
    Path("data").mkdir()
    Path("data/datalist.json").write_text(json.dumps({"training": items, "test": items}))
    write_image(Path("data/images/scan.png"))


MISTAKES = {
    "a folder that is not there": (
        None,
        "infer image OUT",
        "IN: expected images at image, found nothing: there is no image in {here}, did you mean "
        "images?",
    ),
    "results where a file is": (
        None,
        "infer images images/scan.png",
        "OUT: expected a folder for the results at images/scan.png, found a file at "
        "images/scan.png",
    ),
    "results among the images": (
        None,
        "infer images images",
        "OUT: expected another place than that of the images, got images for both",
    ),
    "input and output exchanged": (
        make_results,
        "infer results images",
        "IN: expected images in results, found results of this program",
    ),
    "a key misspelt": (
        None,
        "infer images OUT --set treshold=0.4",
        "--set treshold: is no key of this config: did you mean threshold?",
    ),
    "a value out of its range": (
        None,
        "infer images OUT --set threshold=40",
        "--set threshold: expected a number above 0, up to 1, got 40",
    ),
    "weights that are not there": (
        None,
        "infer images OUT --weights model.pt",
        "--weights: expected weights at model.pt, found none",
    ),
    "a training before `prepare`": (
        None,
        "train images OUT",
        "DATA: expected a datalist at images/datalist.json, found none: make one with "
        "`breast-us-seg prepare`",
    ),
    "images that were moved after `prepare`": (
        lambda: make_datalist("gone.png"),
        "train data OUT",
        "expected the file data/gone.png, named in data/datalist.json, found none: put the images "
        "back where they were, or run prepare again",
    ),
    "a split without images": (
        make_datalist,
        "evaluate data OUT --split validation",
        "expected images in the list 'validation' of data/datalist.json, found none",
    ),
    "no data set for `prepare`": (
        None,
        "prepare data",
        "expected at least one data set, got none; give for example --busi DIR",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_gets_one_line(mistake: str, run: Any, tmp_path: Path) -> None:
    prepare, command, message = MISTAKES[mistake]
    if prepare is not None:
        prepare()
    code, lines = run(command)
    assert code == 1
    assert lines == [f"breast-us-seg: error: {message.format(here=tmp_path)}"]
    assert not Path("OUT").exists()


def test_archive_video_and_index_of_a_disc_get_a_hint(run: Any) -> None:
    Path("given").mkdir()
    with zipfile.ZipFile("given/study.zip", "w") as file:
        file.writestr("scan.png", "")
    Path("given/cine.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(400))
    write_index(Path("given/DICOMDIR"))
    torch.save({}, "identity.pt")
    Path("identity.json").write_text('{"network_def": {"_target_": "torch.nn.Identity"}}')
    code, lines = run("infer given OUT --weights identity.pt --config identity.json")
    assert code == 2
    text = "\n".join(lines)
    assert "skipped: study.zip: not an image" in text
    assert "unpack it, and give the folder" in text
    assert "skipped: cine.mp4: not an image" in text
    assert "export the cine as DICOM, or its frames as PNG" in text
    assert "the index of a disc: give the folder that it is in" in text
    assert "nothing was segmented: no file could be read as an ultrasound image" in text


def test_checkpoint_in_place_of_weights(run: Any) -> None:
    torch.save({"objects": {}, "best_metric": 0.5, "best_metric_epoch": 1}, "last.pt")
    code, lines = run("infer images OUT --weights last.pt")
    assert code == 1
    assert lines == [
        "breast-us-seg: error: --weights: expected weights in last.pt, got a training to resume: "
        "take the model.pt beside it"
    ]


def test_command_that_there_is_none_of(run: Any) -> None:
    code, lines = run("segment images OUT")
    assert code == 2
    assert "invalid choice: 'segment' (choose from" in lines[-1]


@pytest.mark.parametrize("command", ["infer image OUT", "train images OUT"])
def test_mistake_is_reported_before_anything_heavy_is_imported(command: str, run: Any) -> None:
    program = (
        "import sys; from pipeline.cli.main import main; main(sys.argv[1:]); "
        "print(*{'torch', 'monai', 'numpy'} & set(sys.modules))"
    )
    arguments = [sys.executable, "-c", program, *command.split()]
    done = subprocess.run(arguments, capture_output=True, check=True, cwd=Path.cwd(), text=True)
    assert done.stdout.strip() == ""
    assert "breast-us-seg: error: " in done.stderr
