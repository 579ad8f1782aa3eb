"""Run a config of the bundle, as every command that runs the network does."""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, PipelineError

_PACKAGE = Path(__file__).resolve().parents[1]

_OVERLAYS = {"evaluate": ("inference", "evaluate")}
"""Configs that only hold what they change of another one, and all that make the run."""


def add_override_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command with a config has.

    Args:
        parser: of the command.
    """
    add_bundle_root(parser)
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        dest="overrides",
        help="override a key of the config, as in --set threshold=0.4; may be repeated",
    )


def add_bundle_root(parser: argparse.ArgumentParser) -> None:
    """Add the option that names another bundle.

    Args:
        parser: of the command.
    """
    parser.add_argument(
        "--bundle-root",
        type=Path,
        help="folder with configs/ and models/ (default: the one this command came with)",
    )


def find_bundle_root() -> Path:
    """Find the bundle that belongs to this package.

    Returns:
        The folder around ``configs/``: a checkout or an unzipped bundle, else the copy that an
        installed wheel brings.

    Raises:
        ConfigError: neither is there.
    """
    for folder in (_PACKAGE.parent, _PACKAGE / "_bundle"):
        if (folder / "configs" / "inference.json").is_file():
            return folder
    msg = f"expected configs/ beside {_PACKAGE}, found none: set --bundle-root"
    raise ConfigError(msg)


def list_config_files(name: str, root: Path) -> list[Path]:
    """List the files that make a run, of which later ones win.

    Args:
        name: of the config.
        root: folder around ``configs/``.

    Raises:
        ConfigError: one of them does not exist.
    """
    files = [root / "configs" / f"{each}.json" for each in _OVERLAYS.get(name, (name,))]
    for file in files:
        if not file.is_file():
            msg = f"expected a config at {file}, found none: set --bundle-root"
            raise ConfigError(msg)
    return files


def run_config(
    name: str,
    *,
    bundle_root: Path | None,
    settings: Mapping[str, Any],
    overrides: Sequence[str] = (),
) -> None:
    """Run one config from start to end, in this process.

    Args:
        name: of the file in ``configs/``, without suffix.
        bundle_root: folder around ``configs/``; `None` finds it.
        settings: keys of the config and their new values; those that are `None` are left out.
        overrides: ``key=value`` of the command line, which win; values are JSON or plain text.

    Raises:
        ConfigError: the config does not exist, or an override does not fit it.
        PipelineError: whatever the run raised.
        SystemExit: a check before the run refused it, or files failed (code 2).
    """
    root = find_bundle_root() if bundle_root is None else bundle_root
    files = list_config_files(name, root)
    values: dict[str, Any] = {"bundle_root": str(root)}
    values |= {key: value for key, value in settings.items() if value is not None}
    values |= parse_overrides(overrides, *files)

    # Seconds of imports, which --help need not pay.
    from pipeline.cli.import_lightly import import_lightly
    from pipeline.errors import find_cause

    with import_lightly() if name == "inference" else nullcontext():
        from monai.bundle import ConfigWorkflow

    workflow = ConfigWorkflow([*map(str, files)], workflow_type=None, **values)
    try:
        workflow.initialize()
        workflow.run()
        workflow.finalize()
    except RuntimeError as error:
        cause = find_cause(error)
        if isinstance(cause, PipelineError):  # MONAI has wrapped it
            raise cause from error
        raise


def parse_overrides(overrides: Sequence[str], *config_files: Path) -> dict[str, Any]:
    """Take ``key=value`` apart.

    Args:
        overrides: of the command line; values are JSON or plain text.
        config_files: whose keys they are.

    Returns:
        Key to value.

    Raises:
        ConfigError: there is no ``=``, or the config does not have the key.
    """
    known: set[str] = set()
    for file in config_files:
        known |= set(json.loads(file.read_text(encoding="utf-8")))
    values: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or re.split("#|::", key)[0] not in known:
            msg = f"expected --set KEY=VALUE with a key of {config_files[-1]}, got {override!r}"
            raise ConfigError(msg)
        try:
            values[key] = json.loads(text)
        except json.JSONDecodeError:
            values[key] = text
    return values
