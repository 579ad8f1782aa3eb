"""Check a config as it is run: all files, overlays and overrides."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import torch
from monai.bundle import ConfigParser

from pipeline.errors import SettingError
from pipeline.settings.check_arguments import check_arguments
from pipeline.settings.check_value import check_value, unknown_key
from pipeline.settings.config_keys import list_keys

_ENTRY_POINTS = {
    *("imports", "initialize", "run", "finalize", "train", "validate", "evaluator", "handlers"),
    *("journal", "lock", "writers", "_meta_"),
}
"""Objects that a config may have though none of its other keys refers to them."""


def check_config(name: str, config: dict[str, Any]) -> None:
    """Check names and values before anything is loaded.

    Args:
        name: of the config, without suffix; its keys are those of `list_keys`.
        config: as `read_parsed_config` returns it.

    Raises:
        SettingError: a key or an argument is unknown, or a value is none of its kind.
    """
    keys = list_keys(name)
    known = set(keys) | _ENTRY_POINTS
    unknown = sorted(set(config) - known - _list_references(config))
    if unknown:
        raise unknown_key(unknown[0], {*known, *config} - set(unknown))
    parser = ConfigParser(deepcopy(config))
    values = {}
    for key in keys.values():
        if key.name in config:
            values[key.name] = _resolve(parser, key.name)
            check_value(key.name, key.kind, values[key.name])
    check_arguments(config, parser.locator)
    _check_device(values.get("device", "cpu"))


def _resolve(parser: ConfigParser, name: str) -> Any:
    try:
        return parser.get_parsed_content(name)
    except Exception as error:  # whatever the expression raises
        problem = f"expected an expression that has a value, got {type(error).__name__}"
        raise SettingError(name, problem) from error


def _list_references(config: Any) -> set[str]:
    """List the first parts of all ``@name``."""
    names: set[str] = set()
    for text in _list_texts(config):
        if text.startswith(("$", "@", "%")):
            names |= set(re.findall(r"[@%](\w+)", text))
    return names


def _list_texts(config: Any) -> Iterator[str]:
    if isinstance(config, str):
        yield config
    elif isinstance(config, (Mapping, list)):
        for each in config.values() if isinstance(config, Mapping) else config:
            yield from _list_texts(each)


def _check_device(device: Any) -> None:
    if str(device).startswith("cuda") and not torch.cuda.is_available():
        raise SettingError("device", f"expected one that is there, got {device}, PyTorch has none")
