"""`breast-us-seg config`: every key that a command takes by `--set`."""

import argparse
import json
import re
from typing import Any

from pipeline.cli.bundle_run import add_bundle_root
from pipeline.cli.say import say
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.settings.config_keys import list_keys
from pipeline.settings.overrides import read_configs

CONFIGS = {"infer": "inference", "train": "train", "evaluate": "evaluate"}
"""By command, the config that it runs."""

_PATH = re.compile(r"\$@(\w+) \+ '(/[^']*)'")
"""An expression that joins a key and a name."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser.

    Args:
        subparsers: where to add it.
    """
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

    Args:
        args: parsed arguments.

    Returns:
        0.

    Raises:
        ConfigError: there is no such config.
    """
    name = CONFIGS[args.command]
    root = args.bundle_root or find_bundle_root()
    config = read_configs(list_config_files(name, root))
    keys = [key for key in list_keys(name).values() if key.name in config]
    if args.json:
        entries = [
            {
                "key": key.name,
                "meaning": key.meaning,
                "expected": str(key.kind),
                "default": config[key.name],
            }
            for key in keys
        ]
        print(json.dumps(entries, indent=2))
        return 0
    for key in keys:
        say(key.name, f"    {key.meaning}", f"    {key.kind}")
        say(f"    default: {_format_default(config[key.name])}")
    return 0


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
