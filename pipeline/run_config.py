"""Run a config of the bundle in this process."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipeline.check_paths import (
    check_datalist,
    check_output_dir,
    check_places,
    check_weights_file,
)
from pipeline.errors import ConfigError, PipelineError, Refusal, SettingError, find_cause
from pipeline.get_logger import log_like_others
from pipeline.import_lightly import import_lightly
from pipeline.settings.as_data import as_data
from pipeline.settings.bundle_root import find_bundle_root, list_config_files
from pipeline.settings.overrides import check_override, parse_overrides, read_configs

_DATALIST = "$@dataset_dir + '/datalist.json'"
_WEIGHTS = "$@bundle_root + '/models/model.pt'"
"""Expressions of the configs that are known here without computing them."""

_KEPT = ("network", "model")
"""Parts of ``inference.json`` that take long to make, and are the same for all images."""


def run_config(
    name: str,
    *,
    bundle_root: Path | None,
    settings: Mapping[str, Any],
    options: Mapping[str, str],
    overrides: Sequence[str] = (),
    configs: Sequence[Path] = (),
    kept: dict[str, Any] | None = None,
) -> None:
    """Run one config from start to end, in this process.

    Whatever comes from the command line is data to the config, and never code.

    Args:
        name: of the file in ``configs/``, without suffix.
        bundle_root: folder around ``configs/``; `None` finds it.
        settings: keys of the config and their new values; those that are `None` are left out.
        options: by key, how the command calls what sets it; others are set by ``--set``.
        overrides: ``key=value`` of the command line, which win; values are JSON or plain text.
        configs: files to lay over the config.
        kept: where a run leaves its model, for the next one that differs in its folders only.

    Raises:
        ConfigError: the config does not exist, or a key, a value or a path does not fit.
        PipelineError: whatever the run raised.
        SystemExit: files failed (code 2).
    """
    root = find_bundle_root() if bundle_root is None else bundle_root
    files = [*list_config_files(name, root), *configs]
    given = {"bundle_root": str(root)}
    given |= {key: value for key, value in settings.items() if value is not None}
    changed: dict[str, Any] = {}
    try:
        config = read_configs(files)
        for key, value in given.items():
            check_override(name, config, key, value)
        changed = parse_overrides(overrides, *files)
        _check_paths(name, root, config | given | changed)
        _run(name, files, as_data(given | changed), {} if kept is None else kept)
    except SettingError as error:
        called = options if error.key not in changed else {}
        msg = f"{called.get(error.key, f'--set {error.key}')}: {error.problem}"
        raise ConfigError(msg) from error


def _check_paths(name: str, root: Path, values: Mapping[str, Any]) -> None:
    """Check what can be before seconds of imports; what the config computes is checked later."""
    dataset, output, weights = (values[key] for key in ("dataset_dir", "output_dir", "ckpt"))
    if name == "inference":
        check_places(dataset, output)
    elif values["datalist"] == _DATALIST:
        splits = ("training",) if name == "train" else (values["split"],)
        check_datalist(f"{dataset}/datalist.json", dataset, splits)
        check_output_dir(output)
    if weights == _WEIGHTS:
        weights = str(root / "models" / "model.pt")
    if isinstance(weights, str) and weights and not weights.startswith(("$", "@", "%")):
        check_weights_file(weights)


def _run(name: str, files: Sequence[Path], values: Mapping[str, Any], kept: dict[str, Any]) -> None:
    # Seconds of imports, which --help need not pay.
    with import_lightly() if name == "inference" else nullcontext():
        from monai.bundle import ConfigWorkflow

    log_like_others("monai")
    try:
        workflow = ConfigWorkflow(
            [*map(str, files)], workflow_type=None, logging_file=False, **values
        )
        workflow.initialize()
        resolver = workflow.parser.ref_resolver
        resolver.resolved_content.update(kept)  # MONAI makes only what is not there yet
        workflow.run()
        made = resolver.resolved_content
        kept.update((part, made[part]) for part in _KEPT if part in made)
        workflow.finalize()
    except Refusal as refusal:
        raise refusal.error from refusal
    except SystemExit as end:
        if isinstance(end.code, str):  # raised by `run_alone`
            raise PipelineError(end.code.removeprefix("error: ")) from end
        raise
    except RuntimeError as error:
        cause = find_cause(error)
        if isinstance(cause, PipelineError):  # MONAI has wrapped it
            raise cause from error
        raise
