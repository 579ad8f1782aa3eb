"""Run the inference config as `infer` was asked to."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.cli.console import shows_progress
from pipeline.run_config import run_config

_OPTIONS = {
    "dataset_dir": "IN",
    "output_dir": "OUT",
    "ckpt": "--weights",
    "target": "--target",
    "shard": "--shard",
    "bundle_root": "--bundle-root",
}
"""By key of the config, how this command calls what sets it."""


def run_inference(
    args: argparse.Namespace, part: Mapping[str, str], configs: Sequence[Path]
) -> None:
    """Run ``inference.json``.

    Args:
        args: of the command.
        part: keys that say which images are for this process, empty for all of them.
        configs: files to lay over the config.

    Raises:
        PipelineError: the run could not start.
        SystemExit: files failed (code 2), or it was stopped (143).
    """
    settings: dict[str, Any] = {
        "dataset_dir": str(args.input),
        "output_dir": str(args.output),
        "target": args.target,
        "progress": shows_progress(args),
        "ckpt": None if args.weights is None else str(args.weights),
    }
    run_config(
        "inference",
        bundle_root=args.bundle_root,
        settings={**settings, **part},
        options=_OPTIONS,
        overrides=args.overrides,
        configs=configs,
    )
