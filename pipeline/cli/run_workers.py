"""Run with several processes, on this computer or on a cluster."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from pipeline.check_folders import check_input, check_output
from pipeline.cli.console import shows_progress
from pipeline.cli.say import say
from pipeline.cli.shard_worker import encode_arguments
from pipeline.datasets.walk_folder import iterate_folder
from pipeline.errors import ConfigError
from pipeline.journal.run_journal import FAILED_EXIT_CODE
from pipeline.shards.count_cores import count_cores, count_workers
from pipeline.shards.local_worker import LocalWorker, python_command
from pipeline.shards.make_plan import make_plan
from pipeline.shards.merge_shards import merge_shards
from pipeline.shards.shard_folder import ShardFolder
from pipeline.shards.shard_plan import ShardPlan
from pipeline.shards.supervisor import Supervisor
from pipeline.shards.worker import Worker

_SHARDS_OF_WORKER = 8
"""So that the last one is short."""

_LEAST_FILES = 25
"""Of a shard, whose begin takes as long as some of them."""


def run_workers(args: argparse.Namespace) -> int:
    """Plan, do what is missing or has failed, and merge.

    Args:
        args: of `infer`.

    Returns:
        The exit code: 0, or 2 if a file has failed.

    Raises:
        ConfigError: the run cannot begin.
    """
    wanted = None if args.workers in (None, "auto") else _count(args.workers)
    check_input(args.input)
    check_output(args.output)
    with _open_workers(args, wanted) as (workers, start):
        folder = ShardFolder(args.output)
        planned = ShardPlan.read(folder)
        shards = planned.shards if planned else _choose_shards(args.input, args.output, workers)
        plan = make_plan(args.input, args.output, shards)
        numbers = [number for number, count in enumerate(plan.counts) if count]
        hides = None if shows_progress(args) is None else True
        with tqdm(total=plan.files, unit="file", disable=hides) as bar:
            Supervisor(
                args.output,
                numbers,
                plan.shards,
                start,
                lambda number: bar.update(plan.counts[number]),
            ).run(min(workers, len(numbers)))
    merged = merge_shards(args.output)
    counts = ", ".join(f"{count} {status}" for status, count in merged.counts.items())
    say(f"{args.output / 'results.csv'}: {counts}")
    return FAILED_EXIT_CODE if merged.counts["failed"] else 0


@contextmanager
def _open_workers(
    args: argparse.Namespace, wanted: int | None
) -> Iterator[tuple[int, Callable[[], Worker]]]:
    """Give how many processes there are to be, and what starts one."""
    setup = encode_arguments(args)
    if args.ray is None:
        workers = wanted or count_workers()
        threads = max(1, count_cores() // workers)
        yield (
            workers,
            lambda: LocalWorker(python_command("pipeline.cli.shard_worker"), setup, threads),
        )
        return
    from pipeline.cli.ray_cluster import join_ray

    with join_ray(args.ray, wanted) as cluster:
        yield cluster.workers, lambda: cluster.start(setup)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not int(text):
        msg = f"--workers: expected a number from 1, or auto, got {text!r}"
        raise ConfigError(msg)
    return int(text)


def _choose_shards(source: Path, output: Path, workers: int) -> int:
    files = sum(1 for _ in iterate_folder(source, exclude=output))
    return max(1, min(_SHARDS_OF_WORKER * workers, files // _LEAST_FILES))
