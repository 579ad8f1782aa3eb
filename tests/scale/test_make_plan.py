"""The plan: who takes what, and what of it may change later."""

import json
import os
import threading
from pathlib import Path

import pytest
from orientation_phantom import make_orientation_phantom

from pipeline.datasets.walk_folder import walk_folder
from pipeline.errors import ConfigError
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.shards.list_shard import list_shard
from pipeline.shards.make_plan import make_plan
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan

IMAGE, _ = make_orientation_phantom(64, 96)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for folder in ("in", "in/B"):
        (tmp_path / folder).mkdir()
        for number in range(40):
            (tmp_path / folder / f"{number}.x").touch()
    return tmp_path / "in"


def read_lists(output: Path) -> list[list[str]]:
    folder = ShardFolder(output)
    plan = ShardPlan.read(folder)
    assert plan is not None
    return [plan.read_files(number, folder) for number in range(plan.shards)]


def test_each_file_is_in_one_shard_in_the_order_of_the_walk(source: Path, tmp_path: Path) -> None:
    plan = make_plan(source, tmp_path / "out", 6)
    lists = read_lists(tmp_path / "out")
    walk = [path.relative_to(source).as_posix() for path in walk_folder(source)]
    assert sorted(file for files in lists for file in files) == sorted(walk)
    for files in lists:
        assert files == [file for file in walk if file in files]
    assert list(plan.counts) == [len(files) for files in lists]
    assert min(plan.counts) > 0


def test_results_inside_the_input_are_not_planned(source: Path) -> None:
    make_plan(source, source / "out", 2)
    (source / "out" / "x.png").touch()
    assert make_plan(source, source / "out", 2).files == 80


def test_more_files_move_no_other(source: Path, tmp_path: Path) -> None:
    make_plan(source, tmp_path / "out", 6)
    before = read_lists(tmp_path / "out")
    (source / "A").mkdir()
    for number in range(20):
        (source / "A" / f"{number}").touch()
    os.remove(source / "3.x")
    make_plan(source, tmp_path / "out", 6)
    after = read_lists(tmp_path / "out")
    for old, new in zip(before, after, strict=True):
        assert [file for file in new if file in old] == [file for file in old if file != "3.x"]


def test_same_plan_again_changes_nothing(source: Path, tmp_path: Path) -> None:
    make_plan(source, tmp_path / "out", 6)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    make_plan(source, tmp_path / "out", 6)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_another_number_of_shards_is_refused(source: Path, tmp_path: Path) -> None:
    make_plan(source, tmp_path / "out", 6)
    with pytest.raises(ConfigError, match="expected 6 shards"):
        make_plan(source, tmp_path / "out", 7)
    with pytest.raises(ConfigError, match="expected 6 shards"):
        list_shard(source, tmp_path / "out", "0/7")


@pytest.mark.parametrize("shards", [0, -1, 100_001])
def test_odd_number_of_shards_is_refused(source: Path, tmp_path: Path, shards: int) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 100000 shards"):
        make_plan(source, tmp_path / "out", shards)


def test_results_of_one_run_are_not_planned_over(source: Path, tmp_path: Path) -> None:
    (tmp_path / "breast-us-seg.jsonl").touch()
    with pytest.raises(ConfigError, match="choose another folder"):
        make_plan(source, tmp_path, 2)


def test_plans_at_the_same_time_are_one(source: Path, tmp_path: Path) -> None:
    plans = []
    threads = [
        threading.Thread(target=lambda: plans.append(make_plan(source, tmp_path / "out", 5)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [plan == plans[0] for plan in plans] == [True] * 4


def test_copies_of_an_instance_share_a_shard(source: Path, tmp_path: Path) -> None:
    write_phantom_dicom(source / "0.dcm", IMAGE)
    content = (source / "0.dcm").read_bytes()
    for number in range(12):
        (source / f"copy {number}").write_bytes(content)
    # Collides with one of the copies, and so goes with all of them.
    (source / "COPY 5.png").touch()
    make_plan(source, tmp_path / "out", 6)
    copies = {"0.dcm", "COPY 5.png", *(f"copy {number}" for number in range(12))}
    assert [copies & set(files) for files in read_lists(tmp_path / "out")].count(set()) == 5


def test_copy_that_would_move_another_file_is_refused(source: Path, tmp_path: Path) -> None:
    write_phantom_dicom(source / "z.dcm", IMAGE)
    make_plan(source, tmp_path / "out", 6)
    (source / "b").write_bytes((source / "z.dcm").read_bytes())
    with pytest.raises(ConfigError, match=r"expected z\.dcm to stay in shard"):
        make_plan(source, tmp_path / "out", 6)


def test_odd_names_are_kept(tmp_path: Path) -> None:
    names = ["a\nb", "c\\d", os.fsdecode(b"e\xff"), " ", "é"]
    source = tmp_path / "in"
    source.mkdir()
    for name in names:
        (source / name).touch()
    make_plan(source, tmp_path / "out", 1)
    assert list_shard(source, tmp_path / "out", "0/1") == walk_folder(source)


def test_files_that_are_gone_are_left_out_but_not_all(source: Path, tmp_path: Path) -> None:
    make_plan(source, tmp_path / "out", 6)
    files = list_shard(source, tmp_path / "out", "0/6")
    files[0].unlink()
    assert list_shard(source, tmp_path / "out", "0/6") == files[1:]
    with pytest.raises(ConfigError, match="all are gone"):
        list_shard(tmp_path / "elsewhere", tmp_path / "out", "0/6")


def test_damaged_list_is_refused(source: Path, tmp_path: Path) -> None:
    make_plan(source, tmp_path / "out", 1)
    (path,) = (tmp_path / "out").rglob("files-*.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConfigError, match="plan again"):
        list_shard(source, tmp_path / "out", "0/1")


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"shards": 3})])
def test_damaged_plan_is_refused(source: Path, tmp_path: Path, content: str) -> None:
    make_plan(source, tmp_path, 1)
    (tmp_path / "shards" / "plan.json").write_text(content)
    with pytest.raises(ConfigError, match="expected"):
        make_plan(source, tmp_path, 1)


def test_plan_of_nobody_is_asked_for(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="plan` first"):
        list_shard(source, tmp_path / "out", "0/1")
