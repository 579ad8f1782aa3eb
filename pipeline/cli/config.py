"""`breast-us-seg config`: every key that a command takes by `--set`."""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.cli.run_options import add_bundle_root
from pipeline.cli.say import say
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.settings.config_keys import list_keys
from pipeline.settings.overrides import read_configs

CONFIGS = {"infer": "inference", "train": "train", "evaluate": "evaluate"}
"""By command, the config that it runs."""

_PATH = re.compile(r"\$@(\w+) \+ '(/[^']*)'")
"""An expression that joins a key and a name."""


@dataclass(frozen=True)
class KeyOfRun:
    """A key that a command takes by `--set`.

    Attributes:
        name: of the key.
        meaning: in a few words.
        expected: what its value may be, in words.
        default: in the config; an expression begins with ``$``.
        default_text: the same for people.
    """

    name: str
    meaning: str
    expected: str
    default: Any
    default_text: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "config",
        help="list the keys of --set: meaning, range and default",
        description=(
            "List every key that COMMAND takes by --set KEY=VALUE: what it means, what it may be "
            "and its default. A key of a group is set by KEY#NAME, as in outputs#seg=false."
        ),
    )
    parser.add_argument("command", choices=tuple(CONFIGS), metavar="COMMAND", help=_list_names())
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    add_bundle_root(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the keys.

    Returns:
        0.

    Raises:
        ConfigError: there is no such config.
    """
    keys = describe_keys(args.command, args.bundle_root)
    if args.json:
        entries = [
            {
                "key": key.name,
                "meaning": key.meaning,
                "expected": key.expected,
                "default": key.default,
            }
            for key in keys
        ]
        print(json.dumps(entries, indent=2))
        return 0
    for key in keys:
        say(key.name, f"    {key.meaning}", f"    {key.expected}")
        say(f"    default: {key.default_text}")
    return 0


def describe_keys(command: str, bundle_root: Path | None = None) -> list[KeyOfRun]:
    """Describe every key that a command takes, in reading order.

    Args:
        command: one of `CONFIGS`.
        bundle_root: folder around ``configs/``; `None` takes the one of this package.

    Raises:
        ConfigError: there is no such config.
    """
    name = CONFIGS[command]
    config = read_configs(list_config_files(name, bundle_root or find_bundle_root()))
    return [
        KeyOfRun(
            name=key.name,
            meaning=key.meaning,
            expected=str(key.kind),
            default=config[key.name],
            default_text=_format_default(config[key.name]),
        )
        for key in list_keys(name).values()
        if key.name in config
    ]


def _list_names() -> str:
    *names, last = CONFIGS
    return f"{', '.join(names)} or {last}"


def _format_default(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    path = _PATH.fullmatch(value)
    if path is not None:
        return f"{path[1]}{path[2]}"
    if value.startswith(("$", "@")):
        return f"computed, {value.removeprefix('$')}"
    return value or "none"
