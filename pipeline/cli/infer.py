"""Segment a folder of images."""

import argparse
from pathlib import Path
from typing import Any

from pipeline.cli.bundle_run import add_config_option, add_override_options, run_config

_OPTIONS = {
    "dataset_dir": "IN",
    "output_dir": "OUT",
    "ckpt": "--weights",
    "target": "--target",
    "bundle_root": "--bundle-root",
}
"""By key of the config, how this command calls what sets it."""


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "infer",
        help="segment a folder of DICOM, PNG, JPEG, BMP, TIFF or NIfTI images",
        description=(
            "Segment every image below IN (by content, not by suffix) and write masks (white is "
            "lesion), overlays, sizes, DICOM SEG and SR, tables and report.html below OUT. A run "
            "that was killed goes on where it stopped when started again. Exit code 0: all files "
            "processed or skipped; 1: the run could not start; 2: some failed, see results.csv."
        ),
    )
    parser.add_argument("input", metavar="IN", type=Path, help="folder, or a single image")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the results")
    parser.add_argument("--weights", type=Path, help="other weights than the bundle's")
    parser.add_argument(
        "--target",
        choices=("lesion", "malignant"),
        help="what is white: every lesion (default), or those that are probably malignant",
    )
    add_override_options(parser)
    add_config_option(parser)
    parser.set_defaults(run=run, go_on=lambda _: "the same command goes on where it stopped")


def run(args: argparse.Namespace) -> int:
    """Run ``inference.json``."""
    run_config(
        "inference",
        bundle_root=args.bundle_root,
        settings={
            "dataset_dir": str(args.input),
            "output_dir": str(args.output),
            "target": args.target,
            "ckpt": None if args.weights is None else str(args.weights),
        },
        options=_OPTIONS,
        overrides=args.overrides,
        configs=args.configs,
    )
    return 0
