"""Check the names of the arguments that a config gives to its objects."""

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from pipeline.settings.check_value import unknown_key

_SURE = 0.8
"""Likeness from which a name is a slip, though the object takes others than it lists."""


def check_arguments(config: Any, locator: Any, before: str = "") -> None:
    """Check all objects of a config.

    Args:
        config: of a run, or a part of it.
        locator: MONAI's `ComponentLocator`, which knows names without a module.
        before: key of the part.

    Raises:
        SettingError: an object does not take one of its arguments.
    """
    if isinstance(config, list):
        config = {str(number): content for number, content in enumerate(config)}
    if not isinstance(config, Mapping):
        return
    if "_target_" in config:
        for name in config:
            check_argument(config, str(name), locator, before)
    for name, content in config.items():
        check_arguments(content, locator, f"{before}#{name}" if before else str(name))


def check_argument(place: Mapping[str, Any], name: str, locator: Any, before: str) -> None:
    """Check one argument.

    Args:
        place: an object of a config.
        name: of the argument.
        locator: as of `check_arguments`.
        before: key of the object.

    Raises:
        SettingError: the object does not take it; one that cannot be found takes everything.
    """
    if name.startswith("_"):
        return
    target = _find(str(place["_target_"]), locator)
    known, is_open = _list_arguments(target)
    if name in known or (is_open and not difflib.get_close_matches(name, known, 1, _SURE)):
        return
    raise unknown_key(f"{before}#{name}", [f"{before}#{each}" for each in known])


def _find(target: str, locator: Any) -> Any:
    from monai.bundle.config_item import ConfigComponent
    from monai.utils import optional_import

    component = ConfigComponent({"_target_": target}, locator=locator)
    module, _, attribute = str(component.resolve_module_name()).rpartition(".")
    found, is_there = optional_import(module, name=attribute)
    return found if is_there else None


def _list_arguments(target: Any) -> tuple[list[str], bool]:
    """List the names that an object or its bases take, and whether they take other names too."""
    try:
        own = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # written in C, or not there
        return [], True
    is_open = any(each.kind is each.VAR_KEYWORD for each in own)
    bases = target.__mro__[1:-1] if is_open and inspect.isclass(target) else ()
    named = [*own, *(each for base in bases for each in _list_parameters(base))]
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return sorted({each.name for each in named if each.kind in kinds}), is_open


def _list_parameters(base: type) -> list[inspect.Parameter]:
    try:
        return [*inspect.signature(base).parameters.values()]
    except (TypeError, ValueError):
        return []
