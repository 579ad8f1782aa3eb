"""Evaluate weights on one list of a datalist."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.bundle_run import add_config_option, add_override_options, run_config

_OPTIONS = {
    "dataset_dir": "DATA",
    "output_dir": "OUT",
    "ckpt": "--weights",
    "split": "--split",
    "overwrite": "--overwrite",
    "bundle_root": "--bundle-root",
}
"""By key of the config, how this command calls what sets it."""


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="score weights on a prepared datalist",
        description=(
            "Score weights on one list of DATA/datalist.json, at the size of the source images, "
            "and write summary.json, per_image.csv and panels (image, truth, prediction; worst "
            "first) below OUT."
        ),
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of datalist.json")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the report")
    parser.add_argument(
        "--split", choices=("training", "validation", "test"), help="list to score (default: test)"
    )
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the results that are in OUT"
    )
    add_override_options(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``evaluate.json``."""
    run_config(
        "evaluate",
        bundle_root=args.bundle_root,
        settings={
            "dataset_dir": str(args.data),
            "output_dir": str(args.output),
            "split": args.split,
            "overwrite": args.overwrite,
            "ckpt": None if args.weights is None else str(args.weights),
        },
        options=_OPTIONS,
        overrides=args.overrides,
        configs=args.configs,
    )
    return 0
