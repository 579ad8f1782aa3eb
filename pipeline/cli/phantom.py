"""`breast-us-seg phantom`: synthetic images with their true masks."""

import argparse
from pathlib import Path

from pipeline.cli.say import say

LEAST_SIZE = 32
"""Least rows and columns: a still of a study may be a fifth smaller, and has a border."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's parser."""
    parser = subparsers.add_parser(
        "phantom",
        help="make synthetic images with their true masks, to try the program with",
        description=(
            "Make synthetic breast ultrasound: PNG, JPEG, BMP, TIFF and DICOM files and a cine in "
            "OUT/images, and their true masks in OUT/truth. No person was imaged."
        ),
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument(
        "--images",
        type=int,
        default=12,
        metavar="N",
        help="number of still images; 12 or more make every format (default: 12)",
    )
    parser.add_argument("--seed", type=int, default=0, help="decides the images (default: 0)")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        default=(400, 500),
        metavar=("ROWS", "COLUMNS"),
        help="size of the images, the largest one of a study (default: 400 500)",
    )
    parser.add_argument(
        "--dataset",
        action="store_true",
        help="make a set to train on instead: OUT/images/*.png and OUT/masks/*.png",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the images and print what they are.

    Returns:
        0.

    Raises:
        ConfigError: a number is out of its range.
        WriteError: a file cannot be written.
    """
    from collections import Counter

    from pipeline.errors import ConfigError
    from pipeline.phantom.phantom_study import write_phantom_dataset, write_phantom_study

    if args.images < 1 or args.seed < 0 or min(args.size) < LEAST_SIZE:
        msg = (
            f"expected --images of 1 or more, --seed of 0 or more and --size of {LEAST_SIZE} or "
            f"more, got {args.images}, {args.seed} and {' '.join(map(str, args.size))}"
        )
        raise ConfigError(msg)
    write = write_phantom_dataset if args.dataset else write_phantom_study
    rows, columns = args.size
    files = write(args.out, images=args.images, seed=args.seed, shape=(rows, columns))
    counts = Counter(file.pathology for file in files)
    shown = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    truth = args.out / ("masks" if args.dataset else "truth")
    say(f"wrote {len(files)} images ({shown}) to {args.out / 'images'}, their masks to {truth}")
    return 0
