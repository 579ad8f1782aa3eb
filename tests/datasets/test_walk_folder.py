import json
import os
from pathlib import Path

import pytest

from pipeline.datasets.walk_folder import refuse_folder, walk_folder
from pipeline.errors import SkippedError


def make_files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def list_names(folder: Path, **options: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in walk_folder(folder, **options)]


def test_files_come_folder_by_folder(tmp_path: Path) -> None:
    make_files(tmp_path, "c/z", "b", "a/y", "a/x", "a/b/w", "B")
    assert list_names(tmp_path) == ["B", "b", "a/x", "a/y", "a/b/w", "c/z"]


def test_order_is_not_that_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, *(f"{number % 3}/{number:02d}" for number in range(30)))
    expected = list_names(tmp_path)
    scandir = os.scandir

    class Reversed:
        def __init__(self, path: object) -> None:
            with scandir(path) as entries:
                self._entries = iter(sorted(entries, key=lambda entry: entry.name)[::-1])

        def __iter__(self):
            return self._entries

        def __next__(self):
            return next(self._entries)

        def __enter__(self):
            return self

        def __exit__(self, *args: object) -> None:
            pass

        def close(self) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Reversed)
    assert list_names(tmp_path) == expected == sorted(expected)


def test_single_file(tmp_path: Path) -> None:
    make_files(tmp_path, "a", "b")
    assert walk_folder(tmp_path / "a") == [tmp_path / "a"]


def test_hidden_files_and_folders_are_walked(tmp_path: Path) -> None:
    make_files(tmp_path, ".a", ".b/c")
    assert list_names(tmp_path) == [".a", ".b/c"]


def test_excluded_folder_is_left_out_under_any_name(tmp_path: Path) -> None:
    make_files(tmp_path, "a", "out/b", "sub/out/c")
    (tmp_path / "way").symlink_to(tmp_path / "out", target_is_directory=True)
    exclude = tmp_path / "sub" / ".." / "out"
    assert list_names(tmp_path, exclude=exclude) == ["a", "sub/out/c"]


def test_links_to_folders_come_last_and_are_not_followed(tmp_path: Path) -> None:
    make_files(tmp_path / "in", "z", "a/b")
    (tmp_path / "in" / "a" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "nowhere")
    assert list_names(tmp_path / "in") == ["gone", "z", "a/b", "a/loop"]


def test_closed_folder_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, "a/b", "c/d", "e")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert list_names(tmp_path) == ["e", "c/d", "a"]


def test_empty_folder(tmp_path: Path) -> None:
    assert walk_folder(tmp_path) == []


def test_link_is_skipped_and_closed_folder_fails(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    assert isinstance(refuse_folder(tmp_path / "link"), SkippedError)
    error = refuse_folder(tmp_path)
    assert not isinstance(error, SkippedError)
    assert "expected a folder that may be entered" in str(error)


MANIFEST = {"software": {"breast-us-seg": "0.1.0"}, "weights_sha256": "ab" * 32}


def test_folders_of_results_come_last_and_are_not_entered(tmp_path: Path) -> None:
    make_files(tmp_path, "a.png", "old/masks/a.png", "killed/masks/a.png", "foreign/masks/a.png")
    (tmp_path / "old" / "run.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "killed" / "breast-us-seg.jsonl").touch()
    (tmp_path / "foreign" / "run.json").write_text('{"software": {"another": "1"}}')
    names = ["a.png", "foreign/run.json", "foreign/masks/a.png", "killed", "old"]
    assert list_names(tmp_path) == names
    error = refuse_folder(tmp_path / "old")
    assert isinstance(error, SkippedError)
    assert "results of this program" in str(error)


def test_folder_that_is_asked_for_is_entered(tmp_path: Path) -> None:
    make_files(tmp_path, "masks/a.png", "breast-us-seg.jsonl")
    assert list_names(tmp_path / "masks") == ["a.png"]
