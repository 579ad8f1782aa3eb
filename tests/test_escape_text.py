"""What is shown of text that others made."""

from pathlib import Path

import pytest

from pipeline.escape_text import escape_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("a\r\tb", r"a\r\tb"),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x9b31m", r"\x9b31m"),  # the same in one character
        ("\0\x07\x7f", r"\x00\x07\x7f"),
        ("gnp.\u202excod", r"gnp.\u202excod"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("caf\udce9", r"caf\udce9"),
        ("\ud800\udce9", r"\ud800\udce9"),
        ("\U000e0041", r"\U000e0041"),  # a tag, which nothing shows
    ],
)
def test_what_nobody_sees_is_escaped(text: str, shown: str) -> None:
    assert escape_text(text) == shown
    assert shown.isprintable()


@pytest.mark.parametrize("text", ["", "a b.png", "Übersicht\u3000乳腺", "سونار", "e\u0301", "🙂"])
def test_what_is_seen_stays(text: str) -> None:
    assert escape_text(text) == text


def test_name_in_utf_8_is_the_same_in_every_locale() -> None:
    name = "乳 \u202e ä.png"
    assert escape_text(name.encode().decode("ascii", "surrogateescape")) == r"乳 \u202e ä.png"


def test_other_than_text() -> None:
    assert escape_text(Path("a\nb")) == r"a\nb"
    assert escape_text(ValueError("a\x1bb")) == r"a\x1bb"
