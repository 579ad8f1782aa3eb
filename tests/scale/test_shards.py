"""Shards in any order, killed and repeated, give the bytes of one run.

Images: `make_source`, of 64 x 96.
"""

import random
from pathlib import Path

import pytest
from scale.shard_runs import (
    SHARDS,
    call,
    list_options,
    make_source,
    read_results,
    run_shards,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("run") / "in")


@pytest.fixture(scope="module")
def options(source: Path) -> list[str]:
    return list_options(source.parent)


@pytest.fixture(scope="module")
def single(source: Path, options: list[str]) -> dict[str, bytes]:
    output = source.parent / "single"
    assert call("infer", source, output, *options) == 2
    return read_results(output)


def test_shards_in_any_order_give_the_bytes_of_one_run(
    source: Path, options: list[str], single: dict[str, bytes], tmp_path: Path
) -> None:
    assert call("plan", source, tmp_path, "--shards", SHARDS) == 0
    numbers = random.Random(1).sample(range(SHARDS), SHARDS)
    codes = run_shards(source, tmp_path, options, numbers)
    assert sorted(codes) == [0] * (SHARDS - 1) + [2]
    assert call("merge", tmp_path) == 2
    assert read_results(tmp_path) == single
