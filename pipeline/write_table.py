"""CSV tables that spreadsheets show unchanged."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.atomic import open_atomically
from pipeline.escape_text import escape_text

_FORMULA_STARTS = tuple("=+-@＝＋－＠")  # noqa: RUF001
"""With which a cell begins that a spreadsheet computes; East Asian forms count as the others."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a table row by row, whole or not at all: UTF-8, commas, one line a row.

    Args:
        path: of the file.
        columns: names, in their order.
        rows: cells by column, see `format_cell`; others than `columns` are left out, and missing
            ones are empty.

    Raises:
        WriteError: the file cannot be written.
    """
    with open_atomically(path) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
        table = csv.writer(text, lineterminator="\n")
        table.writerow(columns)
        table.writerows([format_cell(row.get(name)) for name in columns] for row in rows)


def format_cell(value: object) -> str:
    """Make a cell that is text, or a number, and never a formula.

    Args:
        value: what no text is becomes one as `str` has it, `None` an empty one.

    Returns:
        The text, escaped by `escape_text`, with an apostrophe before what a spreadsheet would
        compute.

    Examples:
        >>> format_cell("=1+1"), format_cell("-0.5"), format_cell(-0.5), format_cell("@home")
        ("'=1+1", '-0.5', '-0.5', "'@home")
    """
    text = "" if value is None else escape_text(value)
    is_formula = text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
