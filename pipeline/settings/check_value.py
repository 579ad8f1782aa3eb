"""Check the value of one key."""

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from pipeline.errors import SettingError
from pipeline.settings.value_kinds import Group, ValueKind


def check_value(name: str, kind: ValueKind, value: Any) -> None:
    """Check one value.

    Args:
        name: of the key.
        kind: what it may be.
        value: what it is.

    Raises:
        SettingError: it does not fit.
    """
    if isinstance(kind, Group) and isinstance(value, Mapping):
        for each, content in value.items():
            if each not in kind.names:
                raise unknown_key(f"{name}#{each}", [f"{name}#{known}" for known in kind.names])
            check_value(f"{name}#{each}", kind.kind, content)
    if not kind.accepts(value):
        raise SettingError(name, f"expected {kind}, got {value!r}")


def unknown_key(name: str, known: Collection[str]) -> SettingError:
    """Make the error for an unknown key."""
    close = difflib.get_close_matches(name, sorted(known), 1)
    hint = f": did you mean {close[0]}?" if close else ""
    return SettingError(name, f"is no key of this config{hint}")
