"""Input and output that cannot be used are told before anything is loaded."""

import os
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.check_folders import check_input, check_output
from pipeline.errors import ConfigError


def list_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def test_sound_folders_pass_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").touch()
    (tmp_path / "out").mkdir()
    before = list_files(tmp_path)
    check_input(tmp_path / "in")
    check_input(tmp_path / "in" / "a.png")
    check_output(tmp_path / "out")
    check_output(tmp_path / "not" / "yet" / "there")
    assert list_files(tmp_path) == before


def test_relative_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_output(Path("out"))
    (tmp_path / "out").touch()
    with pytest.raises(ConfigError, match="found a file at out"):
        check_output(Path("out"))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("imgs", "there is no imgs in .*, did you mean images[?]$"), ("x/y/z", "there is no x in ")],
)
def test_input_that_is_gone(name: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(ConfigError, match=f"found nothing: {hint}"):
        check_input(tmp_path / name)


def test_results_as_input(tmp_path: Path) -> None:
    (tmp_path / "breast-us-seg.jsonl").touch()
    with pytest.raises(ConfigError, match="found results of this program"):
        check_input(tmp_path)


def test_closed_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(ConfigError, match=r"expected images in .*, got Permission denied"):
        check_input(tmp_path)


@pytest.mark.parametrize("below", ["", "a/b"])
@pytest.mark.parametrize("kind", ["file", "dead link"])
def test_output_that_is_no_folder(kind: str, below: str, tmp_path: Path) -> None:
    path = tmp_path / "out"
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"expected a folder for the results at .*out"):
        check_output(path / below)
    assert os.path.lexists(path)


def test_folder_that_takes_no_files() -> None:
    with pytest.raises(ConfigError, match="expected to write results to /proc/out, got "):
        check_output(Path("/proc/out"))


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), OSError(28, "No space")])
def test_disk_that_takes_nothing(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(dir: Path) -> None:  # noqa: A002
        raise error

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    with pytest.raises(ConfigError, match=f"got {error.strerror}"):
        check_output(tmp_path)


def test_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(ConfigError, match=r"bytes of room for results at .*, found 1000"):
        check_output(tmp_path)
