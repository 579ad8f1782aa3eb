"""The command `breast-us-seg`: each module of this folder is a subcommand."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from pipeline import RESEARCH_ONLY, __version__
from pipeline.cli.console import open_console
from pipeline.cli.say import OutputClosed, say
from pipeline.cli.stop_signals import Stopped, raise_stopped
from pipeline.cli.use_utf8 import use_utf8
from pipeline.errors import PipelineError

COMMANDS: tuple[str, ...] = (
    "check",
    "info",
    "config",
    "infer",
    "plan",
    "status",
    "merge",
    "train",
    "evaluate",
    "export",
    "label",
    "web",
    "node",
    "serve",
    "module",
    "prepare",
    "duplicates",
    "phantom",
)
"""Modules of `pipeline.cli`, in the order of `--help`; each has `add_parser` and `run`."""

_OUTPUT_CLOSED = 141
"""Exit code of a shell for a program that writes to a closed pipe: 128 + SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand.

    Args:
        argv: arguments after the program's name; `None` takes those of the process.

    Returns:
        The exit code: 0 success, 1 the command could not run, 2 some files failed, no image
        could be read, or the arguments are wrong (argparse), 129, 130 or 143 after SIGHUP, Ctrl-C
        or SIGTERM, 141 if nobody reads what is printed.
    """
    if argv is None:
        use_utf8()
    args = _make_parser()[0].parse_args(argv)
    try:
        with open_console(args):
            code = _run(args)
        say(flush=True)
    except OutputClosed:
        # Python would flush, and complain, once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _OUTPUT_CLOSED
    return code


def list_parsers() -> dict[str, argparse.ArgumentParser]:
    """Give the parser of each of `COMMANDS`, as the documentation shows their `--help`."""
    return dict(_make_parser()[1].choices)


def _make_parser() -> (
    "tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]"
):
    parser = argparse.ArgumentParser(
        prog="breast-us-seg",
        description="Segment breast lesions in ultrasound images.",
        epilog=RESEARCH_ONLY,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        import_module(f"pipeline.cli.{name}").add_parser(subparsers)
    return parser, subparsers


def _run(args: argparse.Namespace) -> int:
    try:
        with raise_stopped():
            return int(args.run(args))
    except PipelineError as error:
        say(f"breast-us-seg: error: {error}", to_stderr=True)
        return 1
    except Stopped as error:
        code = error.exit_code
    # Out of the clause, where the frames of the exception are gone, and their progress bars.
    how = args.go_on(args) if hasattr(args, "go_on") else ""
    say(f"breast-us-seg: stopped{how and f': {how}'}", to_stderr=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
