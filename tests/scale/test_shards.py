"""Shards in any order, killed and repeated, give the bytes of one run.

Images: `make_source`, of 64 x 96.
"""

import os
import random
import signal
from pathlib import Path

import pytest

from pipeline.results.result import Result
from pipeline.writers import PngMask
from scale.shard_runs import (
    SHARDS,
    call,
    read_results,
    run_shards,
)


@pytest.fixture(scope="module")
def single(source: Path, options: list[str]) -> dict[str, bytes]:
    output = source.parent / "single"
    assert call("infer", source, output, *options) == 2
    return read_results(output)


def test_shard_that_the_scheduler_ends_goes_on_later(
    source: Path,
    options: list[str],
    single: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write = PngMask.write
    written = []

    def write_and_signal(writer: PngMask, result: Result) -> None:
        write(writer, result)
        written.append((result.file, result.frame))
        if result.frame == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(PngMask, "write", write_and_signal)
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "1")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "1")
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "1")
    auto = ("infer", source, tmp_path, "--shard", "auto", *options)
    before = signal.getsignal(signal.SIGTERM)
    assert call(*auto) == 143
    assert signal.getsignal(signal.SIGTERM) is before
    assert [frame for file, frame in written if file == "sweep.dcm"] == [1, 2, 3]
    assert call("status", tmp_path, "--missing") == 0
    assert call("merge", tmp_path) == 1
    capsys.readouterr()
    monkeypatch.setattr(PngMask, "write", write)
    assert call(*auto) == 2
    assert call("status", tmp_path) == 0
    assert "with failed files: 0" in capsys.readouterr().out
    assert call("merge", tmp_path) == 2
    assert read_results(tmp_path) == single


def test_shards_in_any_order_give_the_bytes_of_one_run(
    source: Path, options: list[str], single: dict[str, bytes], tmp_path: Path
) -> None:
    assert call("plan", source, tmp_path, "--shards", SHARDS) == 0
    numbers = random.Random(1).sample(range(SHARDS), SHARDS)
    codes = run_shards(source, tmp_path, options, numbers)
    assert sorted(codes) == [0] * (SHARDS - 1) + [2]
    assert call("merge", tmp_path) == 2
    assert read_results(tmp_path) == single
