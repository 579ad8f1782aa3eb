import hashlib
import os
from pathlib import Path

import pytest

from pipeline.datasets.instance_register import InstanceRegister
from pipeline.errors import ReadError, SkippedError

UID = "1.2.826.0.1.3680043.8.498.77"
HASH = hashlib.sha256(UID.encode()).hexdigest()[:16]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name, content in (("a", b"one"), ("sub/copy", b"one"), ("other", b"two")):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def test_hash_tells_no_uid(folder: Path) -> None:
    instance = InstanceRegister(folder, {}).enter(UID, "a")
    assert instance == HASH
    assert UID not in instance


def test_file_without_uid_has_no_instance(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    assert [register.enter("", name) for name in ("a", "sub/copy")] == ["", ""]


def test_same_file_again(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    assert register.enter(UID, "a") == register.enter(UID, "a") == HASH


def test_other_uid_of_the_same_bytes(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    assert register.enter(UID, "a") != register.enter(UID + ".1", "sub/copy")


def test_copy_is_skipped(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    register.enter(UID, "a")
    with pytest.raises(SkippedError, match=r"a copy: .* bytes as a$"):
        register.enter(UID, "sub/copy")


def test_other_bytes_of_the_same_uid_fail(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    register.enter(UID, "a")
    with pytest.raises(ReadError, match=r"of its own, got that of a$") as caught:
        register.enter(UID, "other")
    assert not isinstance(caught.value, SkippedError)
    assert UID not in str(caught.value)


def test_files_of_the_same_size_and_time_are_compared_by_content(folder: Path) -> None:
    status = (folder / "a").stat()
    os.utime(folder / "other", ns=(status.st_atime_ns, status.st_mtime_ns))
    register = InstanceRegister(folder, {})
    register.enter(UID, "a")
    with pytest.raises(ReadError, match="of its own"):
        register.enter(UID, "other")


def test_first_file_stays_the_first(folder: Path) -> None:
    register = InstanceRegister(folder, {})
    register.enter(UID, "other")
    for name in ("a", "sub/copy"):
        with pytest.raises(ReadError, match="got that of other"):
            register.enter(UID, name)


def test_known_instances_count(folder: Path) -> None:
    register = InstanceRegister(folder, {HASH: "a"})
    assert register.enter(UID, "a") == HASH
    with pytest.raises(SkippedError, match="a copy"):
        register.enter(UID, "sub/copy")


def test_mapping_that_is_given_is_not_changed(folder: Path) -> None:
    known: dict[str, str] = {}
    InstanceRegister(folder, known).enter(UID, "a")
    assert known == {}


def test_known_file_that_is_gone_is_replaced(folder: Path) -> None:
    register = InstanceRegister(folder, {HASH: "gone"})
    assert register.enter(UID, "a") == HASH
    with pytest.raises(SkippedError, match=r"bytes as a$"):
        register.enter(UID, "sub/copy")
