"""What all published layouts share: folders of files, and a table beside them."""

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import DatasetError
from pipeline.prepare.case import Pathology


def list_files(folder: Path, suffixes: Collection[str], *, of: str) -> list[Path]:
    """List a folder's files in the order of their names.

    Hidden files are left out: archives made on macOS bring a `._name.png` beside `name.png`.

    Args:
        folder: folder to list, not its subfolders.
        suffixes: lower-case suffixes with the dot; upper-case names match too.
        of: name of the data set, for the message.

    Returns:
        Sorted paths.

    Raises:
        DatasetError: the folder does not exist.
    """
    if not folder.is_dir():
        msg = (
            f"expected the folder {folder.name}/ of {of}, got nothing at {folder}; "
            "give the folder in which the data set was unpacked"
        )
        raise DatasetError(msg)
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    )


def read_table(
    path: Path, columns: Collection[str], *, of: str, delimiter: str = ","
) -> list[dict[str, str]]:
    """Read a CSV table, with or without a byte-order mark.

    Args:
        path: CSV file, UTF-8.
        columns: columns that must be there; more may be.
        of: name of the data set, for the message.
        delimiter: what separates the cells.

    Returns:
        One dictionary a row, cells stripped of white space; a missing cell is `""`.

    Raises:
        DatasetError: the file or a column is missing, or it is not UTF-8 text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"expected the table {path.name} of {of}, got {type(error).__name__} at {path}"
        raise DatasetError(msg) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    found = [name.strip() for name in reader.fieldnames or ()]
    missing = sorted(set(columns) - set(found))
    if missing:
        msg = (
            f"expected the columns {', '.join(sorted(columns))} in {path.name} of {of}, "
            f"got {', '.join(found) or 'none'}; missing: {', '.join(missing)}"
        )
        raise DatasetError(msg)
    reader.fieldnames = found
    return [{name: (row[name] or "").strip() for name in found} for row in reader]


def index_rows(
    rows: Iterable[Mapping[str, Any]], column: str
) -> tuple[dict[str, Mapping[str, Any]], set[str]]:
    """Find rows by the name of their image, with or without a suffix.

    Args:
        rows: rows of a table.
        column: column of the image's name.

    Returns:
        The first row of every name without suffix, and names that several rows have.
    """
    index: dict[str, Mapping[str, Any]] = {}
    repeated: set[str] = set()
    for row in rows:
        name = re.sub(r"\.png$", "", str(row[column]).strip(), flags=re.IGNORECASE)
        if name in index:
            repeated.add(name)
        elif name:
            index[name] = row
    return index, repeated


def parse_pathology(text: str) -> Pathology | None:
    """Read a class as data sets write it.

    Args:
        text: a cell such as `Benign`.

    Returns:
        The pathology, `None` if it is another word.
    """
    return _PATHOLOGIES.get(text.strip().lower())


_PATHOLOGIES: dict[str, Pathology] = {
    "benign": "benign",
    "malignant": "malignant",
    "normal": "normal",
}
