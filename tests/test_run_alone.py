"""An engine and the lock of its folder."""

from pathlib import Path

import pytest
from ignite.engine import Engine, Events

from pipeline.errors import WriteError
from pipeline.journal import RunLock
from pipeline.run_alone import run_alone


class OneBatch(Engine):
    def run(self) -> None:  # type: ignore[override]
        super().run([1])


def test_lock_is_held_while_the_engine_runs(tmp_path: Path) -> None:
    seen = []
    engine = OneBatch(lambda *_: seen.extend(path.name for path in tmp_path.iterdir()))
    run_alone(engine, RunLock(tmp_path))
    assert seen == ["breast-us-seg.lock"]
    assert list(tmp_path.iterdir()) == []


def test_second_run_ends_with_one_line(tmp_path: Path) -> None:
    with RunLock(tmp_path), pytest.raises(SystemExit, match=r"^error: expected .* in use by"):
        run_alone(OneBatch(lambda *_: None), RunLock(tmp_path))


def test_result_that_cannot_be_stored_ends_with_one_line(tmp_path: Path) -> None:
    engine = OneBatch(lambda *_: None)

    @engine.on(Events.STARTED)
    def fail() -> None:
        msg = "expected to write x, got OSError: No space left on device"
        raise WriteError(msg)

    with pytest.raises(SystemExit, match=r"^error: expected to write x"):
        run_alone(engine, RunLock(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_lock_is_looked_at_before_each_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = []
    monkeypatch.setattr(RunLock, "check", lambda lock: checks.append(lock))
    run_alone(OneBatch(lambda *_: None), RunLock(tmp_path))
    assert len(checks) == 1
