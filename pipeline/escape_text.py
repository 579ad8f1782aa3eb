"""Text from outside, such as file names, made safe to show."""

import unicodedata

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of control, format (direction of writing too), lone surrogates, private and
no characters, and ends of lines and paragraphs."""


def escape_text(text: object) -> str:
    r"""Escape invisible characters as Python does; all text that is shown goes through here.

    A file may be called so that its name starts another line of a log, moves the cursor of a
    terminal, turns the direction of writing around, or cannot be encoded.

    Args:
        text: or what `str` makes a text of, as a path or an error.

    Returns:
        One line of characters that are seen.

    Examples:
        >>> escape_text("Übersicht 乳腺.png")
        'Übersicht 乳腺.png'
        >>> print(escape_text("a.png\n12:00 INFO all is well"))
        a.png\n12:00 INFO all is well
        >>> print(escape_text("caf\udce9 \x1b[31m \u202egnp.exe"))
        caf\udce9 \x1b[31m \u202egnp.exe
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        repr(char)[1:-1] if unicodedata.category(char) in _UNSEEN else char
        for char in _decode_bytes(text)
    )


def _decode_bytes(text: str) -> str:
    """Decode the bytes of a name that are UTF-8 where the locale of this machine is another."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate that is no byte of a file name
        return text
