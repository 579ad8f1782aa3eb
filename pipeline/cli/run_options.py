"""Options of the commands that run a config."""

import argparse
from pathlib import Path

from pipeline.cli.console import add_console_options


def add_override_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command with a config has.

    Args:
        parser: of the command.
    """
    add_bundle_root(parser)
    command = parser.prog.rpartition(" ")[2]
    listed = command if command in ("train", "evaluate") else "infer"
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help="override a key of the config, as in --set threshold=0.4; may be repeated; "
        f"`breast-us-seg config {listed}` lists the keys",
    )
    add_console_options(parser)


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that lays configs over the command's own.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        dest="configs",
        help="JSON of keys to put in place of those of the command's config; it is code, "
        "so use only what you trust; may be repeated",
    )


def add_bundle_root(parser: argparse.ArgumentParser) -> None:
    """Add the option that names another bundle.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "--bundle-root",
        type=Path,
        help="folder with configs/ and models/ (default: the one this command came with)",
    )
