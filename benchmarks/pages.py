"""Put measured tables into pages of the documentation."""

import sys
from pathlib import Path

from pipeline.atomic import write_atomically


def replace_between(page: Path, begin: str, end: str, text: str) -> None:
    """Put a text between two lines of a page.

    Args:
        page: the file.
        begin: the line before.
        end: the line after.
        text: with a line feed at its end.

    Raises:
        SystemExit: the page lacks one of the lines.
    """
    before, found, rest = page.read_text(encoding="utf-8").partition(f"{begin}\n")
    _, found_end, after = rest.partition(f"{end}\n")
    if not found or not found_end:
        sys.exit(f"expected {begin} and {end} in {page.name}")
    write_atomically(page, f"{before}{begin}\n{text}{end}\n{after}".encode())
