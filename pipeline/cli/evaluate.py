"""Evaluate weights on one list of a datalist."""

import argparse
import csv
from pathlib import Path
from typing import Any

from pipeline.cli.console import shows_progress
from pipeline.cli.run_options import add_config_option, add_override_options
from pipeline.cli.say import say
from pipeline.run_config import run_config
from pipeline.settings.overrides import read_configs

_OPTIONS = {
    "dataset_dir": "DATA",
    "output_dir": "OUT",
    "ckpt": "--weights",
    "split": "--split",
    "overwrite": "--overwrite",
    "bundle_root": "--bundle-root",
}
"""By key of the config, how this command calls what sets it."""

_POINT_KEYS = ("operating_point", "min_lesion_probability")


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="score weights on a prepared datalist",
        description=(
            "Score weights on one list of DATA/datalist.json, at the size of the source images, "
            "and write summary.json, per_image.csv and report.html (all images, the worst first) "
            "below OUT."
        ),
    )
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of datalist.json")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder of the report")
    parser.add_argument(
        "--split", choices=("training", "validation", "test"), help="list to score (default: test)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="other weights than the bundle's; their operating point is chosen on the validation "
        "list, which is scored first, unless --set gives one",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the results that are in OUT"
    )
    add_override_options(parser)
    add_config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``evaluate.json``."""
    point = None
    if args.weights is not None and not _is_point_given(args):
        point = _choose_point(args)
    _evaluate(args, args.output, split=args.split, point=point)
    return 0


def _evaluate(
    args: argparse.Namespace, output: Path, *, split: str | None, point: float | None
) -> None:
    run_config(
        "evaluate",
        bundle_root=args.bundle_root,
        settings={
            "dataset_dir": str(args.data),
            "output_dir": str(output),
            "split": split,
            "overwrite": args.overwrite,
            "ckpt": None if args.weights is None else str(args.weights),
            "min_lesion_probability": point,
            "progress": shows_progress(args),
        },
        options=_OPTIONS,
        overrides=args.overrides,
        configs=args.configs,
    )


def _is_point_given(args: argparse.Namespace) -> bool:
    """Return whether the command line says which operating point to use."""
    given = [override.partition("=")[0].strip() for override in args.overrides]
    given += read_configs(args.configs)
    return any(key.startswith(_POINT_KEYS) for key in given)


def _choose_point(args: argparse.Namespace) -> float:
    """Choose the operating point of other weights; that of the release is not theirs."""
    from pipeline.metrics.choose_operating_point import choose_operating_point

    datalist = args.data / "datalist.json"
    if datalist.is_file() and not read_configs([datalist]).get("validation"):
        say("no validation list: the operating point is 0, whatever is outlined is shown")
        return 0.0
    say("choosing the operating point of these weights on the validation list")
    folder = args.output / "validation"
    _evaluate(args, folder, split="validation", point=0.0)
    scores: dict[str, list[tuple[float, float]]] = {}
    with (folder / "per_image.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["dice"]:
                found = float(row["probability"]), float(row["dice"])
                scores.setdefault(row["source"], []).append(found)
    point = choose_operating_point(scores)
    count = sum(map(len, scores.values()))
    say(f"operating point {point:g}, chosen on {count} images with a lesion: see {folder}")
    return point
