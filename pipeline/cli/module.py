"""Run once as a module of a hospital's platform, which names the folders by the environment."""

import argparse
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.atomic import write_atomically
from pipeline.cli.run_options import add_override_options
from pipeline.cli.say import say
from pipeline.errors import ConfigError
from pipeline.run_config import run_config


class _Platform(NamedTuple):
    name: str
    input: str
    output: str
    only_dicom: bool


_PLATFORMS = (
    # mercure sets all three pairs, and sends every file at the top of its output folder.
    _Platform("mercure", "MERCURE_IN_DIR", "MERCURE_OUT_DIR", True),
    _Platform("MONAI Deploy", "MONAI_INPUTPATH", "MONAI_OUTPUTPATH", False),
    _Platform("Holoscan", "HOLOSCAN_INPUT_PATH", "HOLOSCAN_OUTPUT_PATH", False),
)
"""Who sets which variables; the first pair that is set counts."""

_OBJECTS = ("seg", "sr", "sc")


def add_parser(subparsers: Any) -> None:
    """Add the command to those of `breast-us-seg`."""
    pairs = "; ".join(f"{each.input} and {each.output} ({each.name})" for each in _PLATFORMS)
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "module",
        help="segment the folder that a hospital's platform names by the environment",
        description=(
            f"Segment the folder that these variables name, and write into the other: {pairs}. "
            "For mercure only DICOM objects are written, for the others what `infer` writes. "
            "Exit codes as of `infer`. Research only."
        ),
    )
    add_override_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``inference.json`` once.

    Returns:
        0, or 2 if some files have failed; the results of the others are there.

    Raises:
        ConfigError: no pair of variables is set, or only one of a pair.
    """
    platform, source, target = _find_folders(os.environ)
    say(f"segments for {platform.name}", flush=True)
    if not platform.only_dicom:
        return _segment(args, source, target)
    with tempfile.TemporaryDirectory() as folder:
        only = [f"outputs#{name}=false" for name in ("masks", "overlays", "coco", "report")]
        code = _segment(args, source, Path(folder) / "output", only)
        _copy_objects(Path(folder) / "output", target)
    return code


def _find_folders(environment: Mapping[str, str]) -> tuple[_Platform, Path, Path]:
    for platform in _PLATFORMS:
        source, target = environment.get(platform.input), environment.get(platform.output)
        if source and target:
            return platform, Path(source), Path(target)
        if source or target:
            msg = f"expected {platform.input} and {platform.output} to be set, got one of them"
            raise ConfigError(msg)
    names = ", ".join(f"{each.input} and {each.output}" for each in _PLATFORMS)
    msg = f"expected a folder in the environment ({names}), got none"
    raise ConfigError(msg)


def _segment(
    args: argparse.Namespace, source: Path, target: Path, overrides: list[str] | None = None
) -> int:
    try:
        run_config(
            "inference",
            bundle_root=args.bundle_root,
            settings={"dataset_dir": str(source), "output_dir": str(target), "progress": False},
            options={},
            overrides=[*(overrides or []), *args.overrides],
        )
    except SystemExit as error:
        if isinstance(error.code, int):
            return error.code
        raise ConfigError(str(error.code).removeprefix("error: ")) from error
    return 0


def _copy_objects(output: Path, target: Path) -> None:
    """Put all DICOM objects into one folder, under names of our own."""
    for kind in _OBJECTS:
        for number, path in enumerate(sorted((output / kind).rglob("*.dcm")), start=1):
            write_atomically(target / f"{kind}-{number:04d}.dcm", path.read_bytes(), sync=True)
