"""Show how far a run in shards is."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cli.say import say

if TYPE_CHECKING:
    from pipeline.shards.shard_status import ShardStatus


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "status",
        help="list which shards of a run are done",
        description="List which shards of a run are done, missing, or have failed files.",
    )
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the results")
    parser.add_argument(
        "--missing",
        action="store_true",
        help="list the missing ones only, as `sbatch --array` reads them, or nothing",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the shards' state."""
    from pipeline.shards.shard_status import ShardStatus, format_numbers

    status = ShardStatus.read(args.output)
    missing, failed = status.missing, status.failed
    if args.missing:
        say(*([format_numbers(missing)] if missing else []))
        return 0
    done = status.plan.shards - len(missing)
    say(
        f"done: {done} of {status.plan.shards} shards",
        f"missing: {format_numbers(missing) or 'none'}",
        f"with failed files: {format_numbers(failed) or 'none'}",
        *_describe_packed(status),
        "images: " + ", ".join(f"{count} {name}" for name, count in status.images.items()),
    )
    return 0


def _describe_packed(status: "ShardStatus") -> list[str]:
    from pipeline.shards.shard_status import format_numbers

    packed = [number for number in status.done if status.folder.packed(number).exists()]
    return [f"packed: {format_numbers(packed)}"] if packed else []
