"""Processes that share a run: killed, one after the other and all at once, they lose nothing.

Images: `make_source`, of 64 x 96, one file that ends each process that opens it, and one that ends
the first one.
"""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.cli import run_workers
from scale.shard_runs import call, list_options, make_source, read_results

TESTS = Path(__file__).resolve().parents[1]
TABLES = ("results.csv", "report.html", "run.json")
"""What tells of the file that is in one of the runs only."""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    source = make_source(tmp_path / "in")
    for name in ("poison", "unlucky"):
        shutil.copyfile(source / "b.c" / "1.2.840.0.png", source / f"{name}.png")
    return source


def read_rows(output: Path) -> dict[str, list[str]]:
    with (output / "results.csv").open(newline="", encoding="utf-8") as file:
        return {f"{row[0]} {row[1]}": row[2:] for row in csv.reader(file)}


def test_killed_workers_and_supervisors_lose_nothing(source: Path, tmp_path: Path) -> None:
    options = list_options(tmp_path)
    config = Path(options[-1])
    reader = {"_target_": "scale.killing_reader.KillingReader"}
    config.write_text(json.dumps({**json.loads(config.read_text()), "reader": reader}))
    output = tmp_path / "out"
    assert call("plan", source, output, "--shards", 5) == 0
    command = ["infer", str(source), str(output), "--workers", "2", *options]
    supervisor = subprocess.Popen([sys.executable, "-m", "pipeline.cli.main", *command])
    try:
        deadline = time.monotonic() + 300
        while not list(output.glob("shards/*/done.json")):
            assert time.monotonic() < deadline
            assert supervisor.poll() is None
            time.sleep(0.05)
    finally:
        supervisor.send_signal(signal.SIGKILL)
        supervisor.wait()
    assert call(*command) == 2
    rows = read_rows(output)
    status, reason = rows.pop("poison.png ")[:2]
    assert status == "failed"
    assert "its process was ended twice (signal 9, SIGKILL)" in reason
    (source / "poison.png").unlink()
    assert call("infer", source, tmp_path / "single", *options) == 2
    assert read_rows(tmp_path / "single") == rows
    shared, single = read_results(output), read_results(tmp_path / "single")
    for name in TABLES:
        del shared[name], single[name]
    assert shared == single


@pytest.mark.parametrize("number", ["0", "-1", "x", ""])
def test_odd_number_of_workers_is_refused(
    tmp_path: Path, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("infer", tmp_path, tmp_path / "out", f"--workers={number}") == 1
    assert "--workers: expected" in capsys.readouterr().err


def test_shard_and_workers_are_not_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("infer", tmp_path, tmp_path, "--workers", "2", "--shard", "0/2") == 1
    assert "got both" in capsys.readouterr().err


def test_process_that_cannot_begin_ends_the_run(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "none.pt"
    code = call("infer", source, tmp_path / "out", "--workers", "1", "--weights", weights)
    assert code == 1
    assert "expected weights at" in capsys.readouterr().err


def test_shards_are_no_shorter_than_their_begin(tmp_path: Path) -> None:
    for number in range(120):
        (tmp_path / str(number)).touch()
    out = tmp_path / "out"
    assert run_workers._choose_shards(tmp_path, out, 2) == 4
    assert run_workers._choose_shards(tmp_path / "0", out, 2) == 1
