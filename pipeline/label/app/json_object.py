"""Untrusted JSON from clients."""

import json
from collections.abc import Iterable
from typing import Any

from pipeline.label.label_errors import RequestError

DEEPEST = 32
"""Objects and lists inside of each other; Python's own limit ends in an error of the server."""


def read_object(text: str | bytes, name: str) -> dict[str, Any]:
    """Read an object that any other program could write again.

    Args:
        text: JSON; nothing stands for an empty object.
        name: of what is read, for the message.

    Raises:
        RequestError: it is no JSON, no object, too deep, or has what JSON has not: NaN, numbers
            without end, half a character.
    """
    try:
        value = json.loads(text) if text.strip() else {}
        if not isinstance(value, dict) or _is_deep([value]):
            raise ValueError
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        msg = (
            f"expected {name} as a JSON object of finite numbers and whole characters, at most "
            f"{DEEPEST} deep"
        )
        raise RequestError(msg) from error
    return value


def choose(options: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    """Take a value of a client's options.

    Args:
        options: of `read_object`.
        name: of the value.
        kind: that it must have; a truth value is no number.
        default: where it is missing or null.

    Raises:
        RequestError: it is of another kind.
    """
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        msg = f"expected {name} as {_NAMES[kind]}, got another value"
        raise RequestError(msg)
    return value


_NAMES = {bool: "true or false", int: "a whole number", str: "text", dict: "an object"}


def _is_deep(values: Iterable[Any]) -> bool:
    level: list[Any] = list(values)
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, (dict, list)):
                inner += value.values() if isinstance(value, dict) else value
        if not inner:
            return False
        level = inner
    return any(isinstance(value, (dict, list)) for value in level)
