"""What the runs in shards have in common."""

from pathlib import Path

import pytest

from scale.shard_runs import list_options, make_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("run") / "in")


@pytest.fixture(scope="module")
def options(source: Path) -> list[str]:
    """The brightness network."""
    return list_options(source.parent)
