import hashlib
import os
from pathlib import Path

import pytest

from pipeline.datasets.instance_register import Instance, InstanceRegister

UID = "1.2.826.0.1.3680043.8.498.77"
HASH = hashlib.sha256(UID.encode()).hexdigest()[:16]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name, content in (("a", b"one"), ("sub/copy", b"one"), ("other", b"two")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_code_does_not_tell_the_uid(folder: Path) -> None:
    instance = InstanceRegister(folder).enter(UID, "a")
    assert instance == Instance(HASH)
    assert UID not in instance.code


def test_file_without_uid_has_no_instance(folder: Path) -> None:
    register = InstanceRegister(folder)
    assert [register.enter("", name).code for name in ("a", "sub/copy")] == ["", ""]


def test_same_file_again(folder: Path) -> None:
    register = InstanceRegister(folder)
    assert register.enter(UID, "a") == register.enter(UID, "a") == Instance(HASH)


def test_other_uid_of_the_same_bytes(folder: Path) -> None:
    register = InstanceRegister(folder)
    assert register.enter(UID, "a").code != register.enter(UID + ".1", "sub/copy").code


def test_copy_is_known(folder: Path) -> None:
    register = InstanceRegister(folder)
    register.enter(UID, "a")
    copy = register.enter(UID, "sub/copy")
    assert copy == Instance(HASH, "a", is_copy=True)
    assert copy.remark == "a copy: the same SOPInstanceUID (0008,0018) and bytes as a"


def test_files_of_the_same_size_and_time_are_compared_by_content(folder: Path) -> None:
    status = (folder / "a").stat()
    os.utime(folder / "other", ns=(status.st_atime_ns, status.st_mtime_ns))
    register = InstanceRegister(folder)
    register.enter(UID, "a")
    other = register.enter(UID, "other")
    assert other == Instance(HASH, "a", is_copy=False)
    assert other.remark == "no DICOM objects: a has the same SOPInstanceUID (0008,0018)"


def test_first_file_stays_the_first(folder: Path) -> None:
    register = InstanceRegister(folder)
    register.enter(UID, "other")
    assert [register.enter(UID, name).first for name in ("a", "sub/copy")] == ["other"] * 2


def test_file_that_was_done_before_counts(folder: Path) -> None:
    register = InstanceRegister(folder)
    register.note(HASH, "a")
    assert register.enter(UID, "sub/copy") == Instance(HASH, "a", is_copy=True)
