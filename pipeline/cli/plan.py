"""Split a folder of images among processes or computers."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.say import say


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "plan",
        help="share a folder out among many processes or computers",
        description=(
            "Walk IN once and write to OUT/shards which part takes which image. Run each part by "
            "`infer IN OUT --shard K/N`, in any order, on any computer that sees both folders; "
            "then `merge OUT`. The same command again takes in what was added to IN."
        ),
    )
    parser.add_argument("input", metavar="IN", type=Path, help="folder, or a single image")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the results")
    parser.add_argument(
        "--shards",
        metavar="N",
        type=int,
        required=True,
        help="number of parts; 500 to 2500 images each are a good size",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plan, and say how to go on."""
    from pipeline.check_folders import check_input, check_output
    from pipeline.shards.make_plan import make_plan

    check_input(args.input)
    check_output(args.output)
    plan = make_plan(args.input, args.output, args.shards)
    least, most = min(plan.counts), max(plan.counts)
    say(
        f"{plan.files} files in {plan.shards} shards of {least} to {most}",
        f"sbatch --array=0-{plan.shards - 1}, or infer IN OUT --shard K/{plan.shards}",
    )
    return 0
