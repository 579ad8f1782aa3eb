"""The share of the computer that a process has."""

import os
from pathlib import Path

import pytest

from pipeline.shards import count_cores as module
from pipeline.shards.count_cores import WORKER_BYTES, count_cores, count_workers


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend to have 64 cores and a cgroup without limits."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)
    monkeypatch.setattr(module, "_CGROUP", tmp_path)
    monkeypatch.setattr(module, "_list_groups", lambda: [tmp_path])
    return tmp_path


def test_affinity_counts(group: Path) -> None:
    assert count_cores() == 64


@pytest.mark.parametrize(
    ("content", "cores"),
    [("150000 100000", 1), ("400000 100000", 4), ("20000 100000", 1), ("max 100000", 64)],
)
def test_quota_of_the_container_counts(group: Path, content: str, cores: int) -> None:
    (group / "cpu.max").write_text(f"{content}\n")
    assert count_cores() == cores


@pytest.mark.parametrize(("quota", "cores"), [("300000", 3), ("-1", 64)])
def test_quota_of_the_first_version_counts(group: Path, quota: str, cores: int) -> None:
    (group / "cpu").mkdir()
    (group / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (group / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert count_cores() == cores


def test_share_of_the_scheduler_counts(group: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "8")
    assert count_cores() == 8


def test_memory_limits_the_processes(group: Path) -> None:
    (group / "memory.max").write_text(str(3 * WORKER_BYTES))
    (group / "memory.current").write_text(str(WORKER_BYTES // 2))
    assert count_workers() == 2
    (group / "memory.current").write_text(str(3 * WORKER_BYTES))
    assert count_workers() == 1
