"""A file is the same as long as its content is, looked at as cheaply as can be."""

import hashlib
import os
from pathlib import Path

import pytest

from pipeline.file_stamp import FileStamp


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x"
    path.write_bytes(b"content")
    return path


def test_stamp(file: Path) -> None:
    status = file.stat()
    stamp = FileStamp.of(file)
    assert stamp == FileStamp(7, status.st_mtime_ns, status.st_ctime_ns, "")
    assert stamp.hash(file).sha256 == hashlib.sha256(b"content").hexdigest()


def test_file_that_is_as_it_was_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = FileStamp.of(file).hash(file)
    monkeypatch.setattr("pipeline.file_stamp.hash_file", None)
    assert stamp.look_again(file) is stamp


def test_other_time_of_the_same_content(file: Path) -> None:
    stamp = FileStamp.of(file).hash(file)
    os.utime(file, ns=(1, 1))
    again = stamp.look_again(file)
    assert again is not None
    assert (again.modified, again.sha256) == (1, stamp.sha256)


@pytest.mark.parametrize("content", [b"CONTENT", b"longer content", b""])
def test_other_content_under_the_old_time(content: bytes, file: Path) -> None:
    stamp = FileStamp.of(file).hash(file)
    file.write_bytes(content)
    os.utime(file, ns=(stamp.modified, stamp.modified))
    assert stamp.look_again(file) is None


def test_file_that_was_not_read_is_another_one_at_another_time(file: Path) -> None:
    stamp = FileStamp.of(file)
    os.utime(file, ns=(1, 1))
    assert stamp.look_again(file) is None


def test_file_that_is_gone(file: Path) -> None:
    stamp = FileStamp.of(file).hash(file)
    file.unlink()
    assert stamp.look_again(file) is None


def test_dead_link_has_a_stamp(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "nowhere")
    stamp = FileStamp.of(tmp_path / "x")
    assert stamp.look_again(tmp_path / "x") is stamp


def test_change_of_rights_is_no_change_of_content(file: Path) -> None:
    stamp = FileStamp.of(file)
    file.chmod(0o600)
    assert FileStamp.of(file).has_content_of(stamp)
    file.write_bytes(b"other")
    assert not FileStamp.of(file).has_content_of(stamp)
