"""A page in one file, which loads nothing but the pictures beside it."""

import base64
import hashlib
import html
import io
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pipeline import RESEARCH_ONLY
from pipeline.atomic import open_atomically

PREVIEWS = "report"
"""Folder of the previews, beside the page."""

_SCRIPTS = (
    "data",
    "outline",
    "picture",
    "scale",
    "lens",
    "reviews",
    "strip",
    "card",
    "filters",
    "gallery",
    "viewer",
    "run",
    "pages",
    "evaluation",
    "address",
    "main",
)


def write_page(
    path: Path,
    *,
    title: str,
    head: Mapping[str, Any],
    items: Iterable[Any],
    tail: Callable[[], Mapping[str, Any]] = dict,
    figures: str = "",
) -> None:
    """Write a page item by item: it may be larger than the memory.

    Args:
        path: of the page; whole or not there.
        title: of the page.
        head: values of its data that are known before the items, at least one, ready for JSON.
        items: one a card, ready for JSON.
        tail: gives the values that are known only after the last item.
        figures: trusted HTML that is put above the gallery.

    Raises:
        WriteError: the file cannot be written.
    """
    before, after = _fill_template(title, figures)
    with open_atomically(path) as file, io.TextIOWrapper(file, "utf-8", newline="\n") as text:
        text.write(before)
        text.write(f'{encode_json(head)[:-1]},\n"items":[')
        for number, item in enumerate(items):
            text.write(("," if number else "") + "\n" + encode_json(item))
        text.write(f"],\n{encode_json({**tail(), 'end': True})[1:]}")
        text.write(after)


def encode_json(value: Any) -> str:
    r"""Encode as JSON in ASCII that cannot end the script element it stands in.

    Args:
        value: of texts, numbers, lists and mappings; texts may hold lone surrogates, as Python
            has them for bytes of a file name that are no UTF-8.

    Returns:
        One line without `<`.

    Raises:
        ValueError: a number is NaN or infinite.

    Examples:
        >>> encode_json(["</script>", 0.5])
        '["\\u003c/script>",0.5]'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _fill_template(title: str, figures: str) -> tuple[str, str]:
    """Return what stands before and after the data."""
    style = _read("page.css")
    script = "'use strict';\n(() => {\n" + "\n".join(map(_read, _script_names())) + "})();\n"
    policy = (
        "default-src 'none'; img-src 'self' file:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash_inline(style)}; script-src {_hash_inline(script)}"
    )
    filled = _read("page.html")
    for name, value in {
        "POLICY": policy,
        "TITLE": html.escape(title),
        "NOTICE": html.escape(RESEARCH_ONLY),
        "FIGURES": figures,
        "STYLE": style,
        "SCRIPT": script,
    }.items():
        filled = filled.replace(f"@@{name}@@", value)
    before, after = filled.split("@@DATA@@")
    return before, after


def _script_names() -> list[str]:
    return [f"{name}.js" for name in _SCRIPTS]


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash_inline(content: str) -> str:
    """Name an inline script or style in a Content-Security-Policy.

    References:
        https://www.w3.org/TR/CSP3/#grammardef-hash-source
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
