"""The simulation against what can be counted by hand."""

from dataclasses import replace

import pytest
from archive_cost import Archive, Cluster, simulate

ARCHIVE = Archive(1000, of_shard=100, image_s=3.6, start_s=36.0, plan_s=0.36, merge_s=0.72)
QUIET = Cluster(nodes=1, cores=1, spread=0.0, kill_rate=1e-12)


def test_one_core_does_one_shard_after_the_other() -> None:
    cost = simulate(ARCHIVE, QUIET)
    alone = 1000 * (0.36 + 0.72) / 3600
    assert cost.core_h == pytest.approx(1.0 + 10 * 0.01 + alone)
    assert cost.wall_h == pytest.approx(cost.core_h)
    assert cost.overhead == pytest.approx(1 - 1.0 / cost.core_h)
    assert cost.kills == 0


def test_the_last_shards_leave_cores_idle() -> None:
    """Ten shards of 0.11 hours on four cores take three rounds."""
    cost = simulate(ARCHIVE, replace(QUIET, nodes=2, cores=2))
    assert cost.wall_h == pytest.approx(3 * 0.11 + 1000 * (0.36 + 0.72) / 3600)


def test_a_killed_process_costs_a_start_and_an_image() -> None:
    quiet, shot = simulate(ARCHIVE, QUIET), simulate(ARCHIVE, replace(QUIET, kill_rate=3.0))
    assert shot.kills > 0
    assert quiet.core_h < shot.core_h <= quiet.core_h + shot.kills * (36.0 + 3.6) / 3600 + 1e-9
    assert simulate(ARCHIVE, replace(QUIET, kill_rate=3.0)) == shot
    assert simulate(ARCHIVE, replace(QUIET, kill_rate=3.0), seed=1) != shot
