"""Train the network."""

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from pipeline.cli.console import shows_progress
from pipeline.cli.keep_memory import keep_memory
from pipeline.cli.run_options import add_config_option, add_override_options
from pipeline.cli.say import say
from pipeline.run_config import run_config
from pipeline.settings.overrides import read_configs

_OPTIONS = {
    "dataset_dir": "DATA",
    "output_dir": "OUT",
    "ckpt": "--weights",
    "epochs": "--epochs",
    "resume": "--resume",
    "overwrite": "--overwrite",
    "bundle_root": "--bundle-root",
}
"""By key of the config, how this command calls what sets it."""


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "train",
        help="train the network on a prepared datalist",
        description=(
            "Train on DATA/datalist.json (made by `breast-us-seg prepare`) and write model.pt "
            "(the best network) and last.pt (to go on from) below OUT."
        ),
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of datalist.json")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of weights and logs")
    parser.add_argument("--epochs", type=int, help="passes over the training images")
    parser.add_argument("--weights", type=Path, help="start from these instead of from scratch")
    parser.add_argument(
        "--resume", action="store_true", help="go on exactly where a killed training stopped"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the results that are in OUT"
    )
    add_override_options(parser)
    add_config_option(parser)
    parser.set_defaults(run=run, go_on=_tell_how_to_go_on)


def run(args: argparse.Namespace) -> int:
    """Run ``train.json``."""
    keep_memory()
    run_config(
        "train",
        bundle_root=args.bundle_root,
        settings={
            "dataset_dir": str(args.data),
            "output_dir": str(args.output),
            "epochs": args.epochs,
            "ckpt": None if args.weights is None else str(args.weights),
            "resume": args.resume,
            "overwrite": args.overwrite,
            "progress": shows_progress(args),
        },
        options=_OPTIONS,
        overrides=args.overrides,
        configs=args.configs,
    )
    if os.environ.get("RANK", "0") == "0":  # by torchrun, of several processes
        _tell_what_next(args)
    return 0


def _tell_what_next(args: argparse.Namespace) -> None:
    weights = args.output / "model.pt"
    datalist = args.data / "datalist.json"
    lists = read_configs([datalist]) if datalist.is_file() else {}
    split = [] if lists.get("test") else ["--split", "validation"]
    program, given = "breast-us-seg", ("--weights", weights)
    commands = {
        "score it": [program, "evaluate", args.data, args.output / "eval", *given, *split],
        "segment with it": [program, "infer", "IN", "OUT", *given],
        "make it faster": [program, "export", *given],
        "look at the training": ["tensorboard", "--logdir", args.output],
    }
    if lists and not lists.get("test") and not lists.get("validation"):
        del commands["score it"]  # all images were trained on
    say("what next:")
    for what, words in commands.items():
        say(f"  {what}: {shlex.join(map(str, words))}")


def _tell_how_to_go_on(args: argparse.Namespace) -> str:
    if not (args.output / "last.pt").is_file():
        return "no epoch was finished"
    return "the same command with --resume goes on after the last finished epoch"
