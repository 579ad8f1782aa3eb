"""Values that enter a config from outside, none of which may run as code."""

import re
from typing import Any

_PLAIN = re.compile(r"[A-Za-z0-9_./+-][A-Za-z0-9_./+ -]*")
"""Texts without a character that MONAI gives a meaning to: $ @ % # and :."""


def as_data(value: Any) -> Any:
    r"""Write a value so that MONAI's `ConfigParser` gives it back as it is.

    There, a text that begins with ``$`` is code that is run, ``@`` another key and ``%`` a file,
    and ``#`` in any text becomes ``::``. Such a text becomes an expression that is nothing but a
    quoted text, with each such character as its number.

    Args:
        value: text, number, truth value or `None`, or lists and dictionaries of them.

    Examples:
        >>> as_data(["images/2024", "$x"])
        ['images/2024', "$'\\x24x'"]
    """
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return f"$'{''.join(map(_quote, value))}'"
    if isinstance(value, (list, tuple)):
        return [as_data(each) for each in value]
    if isinstance(value, dict):
        return {name: as_data(each) for name, each in value.items()}
    return value


def _quote(char: str) -> str:
    if _PLAIN.fullmatch(char) or char == " ":
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}"
