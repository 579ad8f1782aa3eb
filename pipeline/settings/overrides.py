"""Take `--set KEY=VALUE` as data: what it may change, and to what."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, SettingError
from pipeline.settings.check_arguments import check_argument
from pipeline.settings.check_value import check_value, unknown_key
from pipeline.settings.config_keys import KEYS, list_keys
from pipeline.settings.value_kinds import Group

_WORDS = {"True": True, "False": False}
"""Python's, which people write for JSON's."""


def parse_overrides(overrides: Sequence[str], *config_files: Path) -> dict[str, Any]:
    """Take ``key=value`` apart and check it.

    A key at the top takes what `pipeline.settings.config_keys` says. Below it there may be changed
    what is a number, a text, a truth value or a list of them, and stays of that type. Objects and
    expressions are no data: they are changed by a config.

    Args:
        overrides: of the command line; values are JSON or plain text.
        config_files: of the run, later ones win; the last one's name says which keys there are.

    Returns:
        Key to value.

    Raises:
        ConfigError: there is no ``=``.
        SettingError: the config does not have the key, or the value does not fit.
    """
    config = read_configs(config_files)
    name = _choose_name(config_files)
    values: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            msg = f"expected --set KEY=VALUE, as in --set threshold=0.4, got {override!r}"
            raise ConfigError(msg)
        key = key.strip().replace("::", "#")
        value = _parse_value(text)
        check_override(name, config, key, value)
        values[key] = value
    return values


def check_override(name: str, config: Mapping[str, Any], key: str, value: Any) -> None:
    """Check one key and its new value.

    Args:
        name: of the config, without suffix.
        config: its content.
        key: its parts are parted by ``#``.
        value: plain data.

    Raises:
        SettingError: the config does not have the key, or the value does not fit.
    """
    keys = list_keys(name)
    first, _, rest = key.partition("#")
    if first in keys:
        kind = keys[first].kind
        if "#" not in key:
            check_value(key, kind, value)
            return
        if isinstance(kind, Group):
            check_value(first, Group(kind.kind, kind.names), {rest: value})
            return
    elif first in {each.name for each in KEYS}:
        raise unknown_key(key, _list_names(config, set(keys)))
    _check_inner(config, key, value, _list_names(config, set(keys)))


def read_configs(config_files: Sequence[Path]) -> dict[str, Any]:
    """Read the config files of a run; later ones win.

    Args:
        config_files: JSON, in UTF-8.

    Raises:
        ConfigError: one is missing, or no JSON object.
    """
    config: dict[str, Any] = {}
    for file in config_files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            msg = f"expected a config in JSON at {file}, got {type(error).__name__}"
            raise ConfigError(msg) from error
        if not isinstance(content, dict):
            msg = f"expected a JSON object in {file}, got {type(content).__name__}"
            raise ConfigError(msg)
        config |= content
    return config


def _choose_name(config_files: Sequence[Path]) -> str:
    """Name the last config whose keys are known; those laid over it have its keys."""
    names = [file.stem for file in config_files if list_keys(file.stem)]
    return names[-1] if names else config_files[0].stem


def _parse_value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return text


def _check_inner(config: Mapping[str, Any], key: str, value: Any, names: Sequence[str]) -> None:
    """Check a key that is not in the table: its place in the config, and its type there."""
    place: Any = config
    *parents, last = key.split("#")
    for part in parents:
        place = _enter(place, part, key, names)
    is_object = isinstance(place, Mapping) and "_target_" in place
    if last.startswith("_") or (not parents and isinstance(place.get(last), (Mapping, list))):
        _refuse_code(key)
    if is_object and last not in place:
        _check_argument(place, key, last)
    else:
        old = _enter(place, last, key, names)
        if not _is_data(old):
            _refuse_code(key)
        if not _is_alike(old, value):
            raise SettingError(key, f"expected a value like {json.dumps(old)}, got {value!r}")
    if not _is_data(value):
        _refuse_code(key)


def _enter(place: Any, part: str, key: str, names: Sequence[str]) -> Any:
    if isinstance(place, Mapping) and part in place:
        return place[part]
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    raise unknown_key(key, names)


def _refuse_code(key: str) -> None:
    raise SettingError(key, "is built by the config: change it in a config of your own")


def _is_data(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_data, value))
    return not isinstance(value, Mapping) and not (
        isinstance(value, str) and value.startswith(("$", "@", "%"))
    )


def _is_alike(old: Any, new: Any) -> bool:
    if isinstance(old, bool) or isinstance(new, bool) or old is None or new is None:
        return type(old) is type(new)
    if isinstance(old, (int, float)):
        return isinstance(new, (int, float))
    return type(old) is type(new)


def _check_argument(place: Mapping[str, Any], key: str, name: str) -> None:
    """Check that an object has an argument that the config leaves at its default."""
    from monai.bundle.config_item import ComponentLocator

    check_argument(place, name, ComponentLocator(), key.rpartition("#")[0])


def _list_names(config: Mapping[str, Any], keys: set[str]) -> list[str]:
    """List what can be set, for the guess: the table's keys, and the data below objects."""
    others = {each.name for each in KEYS} - keys
    groups = {name: content for name, content in config.items() if name not in others}
    return [*keys, *(name for name in _list_data(groups) if "#" in name)]


def _list_data(config: Any, before: str = "") -> Iterator[str]:
    if isinstance(config, (Mapping, list)) and not (isinstance(config, list) and _is_data(config)):
        pairs = config.items() if isinstance(config, Mapping) else enumerate(config)
        for name, content in pairs:
            yield from _list_data(content, f"{before}#{name}" if before else str(name))
    elif _is_data(config) and not before.rpartition("#")[2].startswith("_"):
        yield before
