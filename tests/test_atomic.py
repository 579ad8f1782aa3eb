"""Files appear whole or not at all, and leave nothing else behind."""

import os
import re
from pathlib import Path

import pytest

from pipeline.atomic import name_process, open_atomically, remove_temporaries, write_atomically
from pipeline.errors import WriteError


def list_names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_file_and_its_folders_are_made(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b" / "x.bin", b"new")
    assert (tmp_path / "a" / "b" / "x.bin").read_bytes() == b"new"
    assert list_names(tmp_path) == ["a", "a/b", "a/b/x.bin"]


def test_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"an older and longer one")
    write_atomically(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"new"


def test_temporary_name_is_of_this_process_and_short(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    with open_atomically(path), open_atomically(path):
        names = list_names(tmp_path)
    assert len(set(names)) == 2
    for name in names:
        assert re.fullmatch(rf"\.[A-Za-z0-9-]+-{os.getpid()}-[0-9a-f]{{8}}\.\d+\.tmp", name)
        assert name.startswith(f".{name_process()}.")


def test_process_after_a_fork_has_another_name() -> None:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, name_process().encode())
        os._exit(0)
    os.wait()
    os.close(writing)
    with os.fdopen(reading) as pipe:
        assert pipe.read() not in ("", name_process())


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    names = [".host-1-ab.0.tmp", ".host-1-ab.tmp", ".host-1-abc.0.tmp", "a/.host-1-ab.0.tmp"]
    for name in names:
        (tmp_path / name).touch()
    remove_temporaries(tmp_path, "host-1-ab")
    assert list_names(tmp_path) == sorted(["a", *names[1:]])
    remove_temporaries(tmp_path / "nowhere", "host-1-ab")


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with open_atomically(tmp_path / "x") as file:
        file.write(b"new")
        file.flush()
        assert (tmp_path / "x").read_bytes() == b"old"
    assert (tmp_path / "x").read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_error_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "x").write_bytes(b"old")

    def write_and_fail() -> None:
        with open_atomically(tmp_path / "x") as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert (tmp_path / "x").read_bytes() == b"old"
    assert list_names(tmp_path) == ["x"]


def test_file_may_be_closed_by_what_wraps_it(tmp_path: Path) -> None:
    with open_atomically(tmp_path / "x") as file:
        file.write(b"new")
        file.close()
    assert (tmp_path / "x").read_bytes() == b"new"


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(WriteError, match=r"expected to write .*x, got IsADirectoryError"):
        write_atomically(tmp_path / "x", b"new")
    assert list_names(tmp_path) == ["x"]


def test_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(WriteError, match="expected to write"):
        write_atomically(tmp_path / "a" / "x", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_name_that_no_file_system_takes(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="File name too long"):
        write_atomically(tmp_path / ("x" * 300), b"new")
    assert list_names(tmp_path) == []
