"""Train the network."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.bundle_run import add_override_options, run_config
from pipeline.cli.keep_memory import keep_memory


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
    add_override_options(parser)
    parser.set_defaults(run=run)


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
        },
        overrides=args.overrides,
    )
    return 0
