"""Two runs in one folder: on one computer, on two, and with one that was killed."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, WriteError
from pipeline.journal import RunLock, run_lock

LOCK = "breast-us-seg.lock"

HOLD = """
import sys, time
from pipeline.journal.run_lock import RunLock
with RunLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def write_foreign(folder: Path, *, age: float, **facts: object) -> Path:
    """Write the lock of a run on another computer."""
    holder = {
        **{"host": "elsewhere", "machine": "another", "pid": os.getpid(), "birth": "1"},
        **{"since": "2026-01-02 03:04:05+00:00", "process": "elsewhere-1-ab"},
    }
    path = folder / LOCK
    path.write_text(json.dumps(holder | facts))
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_folder_is_made_and_left_without_a_lock(tmp_path: Path) -> None:
    with RunLock(tmp_path / "a" / "out"):
        assert [path.name for path in (tmp_path / "a" / "out").iterdir()] == [LOCK]
    assert list((tmp_path / "a" / "out").iterdir()) == []


def test_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), RunLock(tmp_path):
        raise KeyboardInterrupt
    with RunLock(tmp_path):
        pass


def test_second_run_says_who_is_there(tmp_path: Path) -> None:
    with (
        subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as first,
    ):
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(ConfigError) as caught, RunLock(tmp_path):
            pass
        first.kill()
        first.wait()
        assert re.search(
            rf"in use by process {first.pid} on \S+ since \d{{4}}-\d\d-\d\d .*: wait",
            str(caught.value),
        )
    with RunLock(tmp_path):  # it is dead, and needs no waiting for
        pass


def test_number_of_a_dead_process_may_be_that_of_another_one(tmp_path: Path) -> None:
    holder = json.loads(json.dumps(run_lock.asdict(run_lock._Holder.here())))
    write_foreign(tmp_path, age=0, **holder | {"birth": "1"})
    with RunLock(tmp_path):
        pass


@pytest.mark.parametrize(("age", "is_free"), [(0, False), (100, False), (130, True)])
def test_run_on_another_computer_is_alive_as_long_as_it_beats(
    age: float, is_free: bool, tmp_path: Path
) -> None:
    path = write_foreign(tmp_path, age=age)
    before = path.read_bytes()
    if is_free:
        with RunLock(tmp_path):
            assert path.read_bytes() != before
        return
    with pytest.raises(ConfigError, match=r"process .* on elsewhere since 2026-01-02"):
        RunLock(tmp_path).__enter__()
    assert path.read_bytes() == before


def test_clock_of_this_computer_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_foreign(tmp_path, age=0)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    with pytest.raises(ConfigError, match="in use"):
        RunLock(tmp_path).__enter__()


@pytest.mark.parametrize("content", [b"", b"{", b"\0\0", b"[]", b'{"pid": 1}'])
def test_lock_that_names_nobody_is_waited_for_and_then_removed(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "_BIRTH_S", 0.3)
    (tmp_path / LOCK).write_bytes(content)
    started = time.monotonic()
    with RunLock(tmp_path):
        assert time.monotonic() - started > 0.2


def test_two_that_found_a_dead_run_do_not_both_remove_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_foreign(tmp_path, age=1000)
    path = tmp_path / LOCK
    dead = path.read_bytes()
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    found: list[bool] = []
    read_bytes = Path.read_bytes

    def let_the_second_go_first(read: Path) -> bytes:
        content = read_bytes(read)
        if read == path and not found:
            found.append(True)
            second._remove_dead(dead)
            found.append(path.exists())
        return content

    monkeypatch.setattr(Path, "read_bytes", let_the_second_go_first)
    first._remove_dead(dead)
    assert found == [True, True]
    assert not path.exists()


def test_guard_of_a_process_that_was_killed_is_removed(tmp_path: Path) -> None:
    write_foreign(tmp_path, age=1000)
    guard = tmp_path / f"{LOCK}.guard"
    guard.touch()
    os.utime(guard, (time.time() - 60, time.time() - 60))
    with RunLock(tmp_path):
        assert not guard.exists()


def test_one_of_many_gets_it(tmp_path: Path) -> None:
    write_foreign(tmp_path, age=1000)
    held, refused = [], []
    ready, done = threading.Barrier(8), threading.Event()

    def hold() -> None:
        ready.wait()
        try:
            with RunLock(tmp_path) as lock:
                held.append(lock)
                done.wait(20)
        except ConfigError as error:
            refused.append(error)
            if len(refused) == 7:
                done.set()

    threads = [threading.Thread(target=hold) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 7)
    assert list(tmp_path.iterdir()) == []


def test_it_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "BEAT_S", 0.01)
    with RunLock(tmp_path) as lock:
        os.utime(lock.path, (1, 1))
        deadline = time.monotonic() + 20
        while lock.path.stat().st_mtime < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_run_that_has_slept_sees_that_its_lock_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunLock(tmp_path) as lock:
        lock.check()
        path = write_foreign(tmp_path, age=0)
        lock._latest_beat -= 3600
        with pytest.raises(WriteError, match="another run has taken it over"):
            lock.check()
    assert path.exists()  # it is not ours to remove


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(WriteError, match="expected a folder to write to at"):
        RunLock(tmp_path / "out").__enter__()
