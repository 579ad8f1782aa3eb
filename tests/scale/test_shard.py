"""Which shard is meant, and which one takes a file."""

from collections import Counter

import pytest

from pipeline.errors import ConfigError
from pipeline.shards.shard import Shard, hash_name
from pipeline.shards.shard_status import format_numbers


def test_shard_is_read() -> None:
    assert Shard.parse("3/400") == Shard(3, 400)
    assert str(Shard(3, 400)) == "3/400"


@pytest.mark.parametrize(
    "text", ["", "3", "4/4", "-1/4", "1/0", "1/4 ", "a/4", "1/200000", "\u0661/4"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("array", "planned", "number"),
    [
        ({"ID": 3, "MIN": 0, "COUNT": 7}, 7, 3),
        ({"ID": 3, "MIN": 1, "COUNT": 7}, 7, 2),  # --array=1-7
        ({"ID": 3, "MIN": 1, "COUNT": 7}, None, 2),
        ({"ID": 5, "MIN": 1, "COUNT": 3}, 7, 5),  # --array=1,5-6, as `status` names them
        ({"ID": 3}, 7, 3),
    ],
)
def test_slurm_tells_the_shard(array: dict[str, int], planned: int | None, number: int) -> None:
    environment = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in array.items()}
    assert Shard.of_scheduler(planned, environment) == Shard(number, 7)


def test_kubernetes_tells_the_shard() -> None:
    assert Shard.of_scheduler(7, {"JOB_COMPLETION_INDEX": "6"}) == Shard(6, 7)


@pytest.mark.parametrize(
    ("environment", "planned"),
    [
        ({}, 7),
        ({"JOB_COMPLETION_INDEX": "1"}, None),
        ({"JOB_COMPLETION_INDEX": "7"}, 7),
        ({"SLURM_ARRAY_TASK_ID": "x"}, 7),
        ({"SLURM_ARRAY_TASK_ID": "7"}, 7),
        ({"SLURM_ARRAY_TASK_ID": "0"}, None),
    ],
)
def test_scheduler_that_does_not_tell_is_refused(
    environment: dict[str, str], planned: int | None
) -> None:
    with pytest.raises(ConfigError, match="expected"):
        Shard.of_scheduler(planned, environment)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/X.png", "a/x.PNG"),
        ("a/x", "a/x.png"),
        ("a/x.dcm", "a/x.dcm.png"),
        ("a/x", "a/x.dcm"),
        ("a/x.jpg", "a/x"),
        ("a/x.nii.gz", "a/x"),
        ("A/x", "a/x"),
    ],
)
def test_files_whose_results_collide_share_a_shard(one: str, other: str) -> None:
    assert hash_name(one) == hash_name(other)


def test_hash_stays_the_same_for_ever() -> None:
    # `printf a/x | sha256sum`, of which the first 16 digits count.
    assert hash_name("A/x.DCM.png") == 0x1653A06856EC14BC


def test_names_that_are_uids_are_spread() -> None:
    shards = Counter(hash_name(f"1.2.840.10008.{number}") % 8 for number in range(4000))
    assert len(shards) == 8
    assert max(shards.values()) < 600


def test_numbers_are_written_as_slurm_reads_them() -> None:
    assert format_numbers([]) == ""
    assert format_numbers([4]) == "4"
    assert format_numbers([1, 2, 5, 6, 7, 10]) == "1-2,5-7,10"
