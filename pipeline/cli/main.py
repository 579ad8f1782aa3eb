"""The command `breast-us-seg`: one subcommand a module of this folder."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from pipeline import RESEARCH_ONLY, __version__
from pipeline.cli.say import say
from pipeline.errors import PipelineError

COMMANDS: tuple[str, ...] = (
    "check",
    "infer",
    "train",
    "evaluate",
    "export",
    "label",
    "prepare",
    "duplicates",
    "phantom",
)
"""Modules of `pipeline.cli`, in the order of `--help`; each has `add_parser` and `run`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        argv: arguments after the program's name; `None` takes those of the process.

    Returns:
        The exit code: 0 success, 1 the command could not run, 2 some files failed or the
        arguments are wrong (argparse).
    """
    parser = argparse.ArgumentParser(
        prog="breast-us-seg",
        description="Segment breast lesions in ultrasound images.",
        epilog=RESEARCH_ONLY,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"pipeline.cli.{name}").add_parser(subparsers)
    args = parser.parse_args(argv)
    try:
        return int(args.run(args))
    except PipelineError as error:
        say(f"breast-us-seg: error: {error}", to_stderr=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
