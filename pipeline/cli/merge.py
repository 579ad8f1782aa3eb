"""Merge all shards into one run."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.say import say


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "merge",
        help="make one run of all shards",
        description=(
            "Write results.csv, lesions.csv, coco.json, run.json and report.html of all shards, "
            "the same as those of a single run. Exit code 0: no file has failed; 1: a shard is "
            "missing, or was done by other settings, weights or versions; 2: some files have "
            "failed, see results.csv."
        ),
    )
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the results")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Merge, and count."""
    from pipeline.journal.run_journal import FAILED_EXIT_CODE
    from pipeline.shards.merge_shards import merge_shards

    merged = merge_shards(args.output)
    counts = ", ".join(f"{count} {status}" for status, count in merged.counts.items())
    say(f"{args.output / 'results.csv'}: {counts}")
    return FAILED_EXIT_CODE if merged.counts["failed"] else 0
