"""How much a command prints, and in which form."""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pipeline.cli.bar_handler import BarHandler
from pipeline.cli.log_format import JsonFormat, TextFormat
from pipeline.cli.say import say_as

_LEVELS = {
    "": logging.WARNING,
    "pipeline": logging.INFO,
    # An exception that ends an engine ends the command too, which prints it.
    "ignite": logging.CRITICAL,
    # It logs which configs were read.
    "monai.bundle": logging.ERROR,
    # It warns of a decoder for GPUs that nothing here calls.
    "monai.data.nvimgcodec_pydicom_plugin": logging.ERROR,
    # What Python's `warnings` say is for programmers.
    "py.warnings": logging.ERROR,
}
"""By logger, the least that is shown unless everything is wanted."""


def add_console_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how much is printed.

    Args:
        parser: of the command.
    """
    group = parser.add_argument_group("output")
    level = group.add_mutually_exclusive_group()
    level.add_argument(
        "--verbose", action="store_true", help="show with times what the libraries say too"
    )
    level.add_argument("--quiet", action="store_true", help="show errors only")
    group.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="json: one object a line, for programs (default: text)",
    )


@contextmanager
def open_console(args: argparse.Namespace) -> Iterator[None]:
    """Log as the options of `add_console_options` say, then restore everything.

    Nothing is done for a command without these options.
    """
    if not hasattr(args, "log_format"):
        yield
        return
    as_json = args.log_format == "json"
    handler = BarHandler(sys.stderr)
    handler.setLevel(logging.ERROR if args.quiet else logging.NOTSET)
    handler.setFormatter(
        JsonFormat() if as_json else TextFormat(sys.stderr, with_times=args.verbose)
    )
    levels = dict.fromkeys(_LEVELS, logging.INFO) if args.verbose else _LEVELS
    with ExitStack() as stack:
        for name, level in levels.items():
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(level)
        root = logging.getLogger()
        stack.callback(root.removeHandler, handler)
        root.addHandler(handler)
        stack.callback(logging.captureWarnings, False)
        logging.captureWarnings(True)
        stack.enter_context(say_as(quiet=args.quiet, as_json=as_json))
        yield


def shows_progress(args: argparse.Namespace) -> bool | None:
    """Return whether bars may be drawn: `False` for no, `None` for as the config says."""
    return False if args.quiet or args.log_format == "json" else None
