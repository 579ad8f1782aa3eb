"""Ray in the place of processes of one computer; the shards and what a dead process costs are the
same.

Images: `make_source`, of 64 x 96, and one file that ends each process that opens it.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli.ray_cluster import join_ray
from pipeline.errors import ConfigError
from pipeline.readers.image_source import ImageSource
from pipeline.readers.ultrasound_reader import UltrasoundReader
from scale.fake_ray import Ended, FakeRay
from scale.shard_runs import call, list_options, make_source, read_results
from scale.test_workers import TABLES, TESTS, read_rows


class EndingReader(UltrasoundReader):
    """Ends its process at a file called ``poison``."""

    def open(self, path: Path) -> ImageSource:
        if path.stem == "poison":
            raise Ended
        return super().open(path)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)
    return fake


def make_poisoned(folder: Path) -> Path:
    source = make_source(folder / "in")
    shutil.copyfile(source / "b.c" / "1.2.840.0.png", source / "poison.png")
    return source


def read_with(options: list[str], reader: str) -> list[str]:
    """Name another reader in the config of the options."""
    config = Path(options[-1])
    config.write_text(
        json.dumps({**json.loads(config.read_text()), "reader": {"_target_": reader}})
    )
    return options


def assert_is_single_run(output: Path, source: Path, options: list[str], end: str) -> None:
    """Compare with one undisturbed run without the poison."""
    rows = read_rows(output)
    status, reason = rows.pop("poison.png ")[:2]
    assert status == "failed"
    assert f"its process was ended twice ({end}" in reason
    (source / "poison.png").unlink()
    assert call("infer", source, output.parent / "single", *options) == 2
    assert read_rows(output.parent / "single") == rows
    shared, single = read_results(output), read_results(output.parent / "single")
    for name in TABLES:
        del shared[name], single[name]
    assert shared == single


def test_actor_that_dies_costs_one_file(ray: FakeRay, tmp_path: Path) -> None:
    source = make_poisoned(tmp_path)
    options = read_with(list_options(tmp_path), "scale.test_ray.EndingReader")
    output = tmp_path / "out"
    assert call("plan", source, output, "--shards", 3) == 0
    words = ("--ray", "local", "--workers", "1")
    assert call("infer", source, output, *words, *options) == 2
    assert len(ray.actors) == 3
    assert not ray.alive
    assert not ray.is_open
    assert_is_single_run(output, source, options, "RayActorError of Ray")


def test_ray_keeps_to_itself(ray: FakeRay) -> None:
    with join_ray("local", 2) as cluster:
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        assert cluster.workers == 2
        cluster.start({"argv": [*sys.argv], "configs": [], **dict.fromkeys(_PATHS)})
    started, actor = ray.options
    assert started["_node_ip_address"] == "127.0.0.1"
    assert started["include_dashboard"] is False
    assert (actor["max_restarts"], actor["max_task_retries"]) == (0, 0)


_PATHS = ("input", "output", "weights", "bundle_root")


def test_places_of_a_cluster_are_cores_with_memory(ray: FakeRay) -> None:
    with join_ray("head:6379", None) as cluster:
        assert cluster.workers == 3 + 4
    assert ray.options[0].keys() == {"address", "logging_level"}


def test_cluster_that_is_not_there_is_reported(ray: FakeRay) -> None:
    with pytest.raises(ConfigError, match=r"at 'nowhere:1', got: no cluster there$"):
        join_ray("nowhere:1", None).__enter__()


def test_what_to_install_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "a.png").touch()
    assert call("infer", tmp_path, tmp_path / "out", "--ray", "local") == 1
    assert "pip install 'breast-us-seg[ray]'" in capsys.readouterr().err


def test_shard_and_ray_are_not_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("infer", tmp_path, tmp_path, "--ray", "local", "--shard", "0/2") == 1
    assert "expected --shard or --ray, got both" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs the extra `ray`")
def test_two_actors_and_a_poison_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    source = make_poisoned(tmp_path)
    options = read_with(list_options(tmp_path), "scale.killing_reader.KillingReader")
    output = tmp_path / "out"
    assert call("plan", source, output, "--shards", 4) == 0
    assert call("infer", source, output, "--shard", "2/4", *options) in (0, 2)
    command = ["infer", str(source), str(output), "--ray", "local", "--workers", "2", *options]
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", *command], capture_output=True, check=False
    )
    assert ended.returncode == 2, ended.stderr.decode()
    assert_is_single_run(output, source, options, "")
