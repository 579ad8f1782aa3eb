"""The page of columns has every column of every table, in order, and no other one."""

import csv
import re
from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.evaluation.evaluation_report import COLUMNS
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.phantom.phantom_study import write_phantom_dataset
from pipeline.prepare.refusal import Refusal
from pipeline.readers.file_report import FileReport
from pipeline.results.result_row import ResultRow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "data-dictionary.md"

TABLES = {
    "results.csv": [field.name for field in fields(ResultRow)],
    "lesions.csv": list(LESION_COLUMNS),
    "per_image.csv": list(COLUMNS),
    "check.csv": [field.name for field in fields(FileReport)],
    "refused.csv": [field.name for field in fields(Refusal)],
}


def read_page() -> dict[str, list[list[str]]]:
    """Give the rows of each table of the page, by heading."""
    sections = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for section in sections:
        name, _, body = section.partition("\n")
        rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("| `")]
        found[name.strip()] = [[cell.strip() for cell in row] for row in rows]
    return found


def list_columns(name: str) -> list[str]:
    return [row[0].strip("`") for row in read_page()[name]]


@pytest.mark.parametrize("name", TABLES)
def test_has_the_columns_of(name: str) -> None:
    assert list_columns(name) == TABLES[name]


def test_has_the_columns_of_phantoms(tmp_path: Path) -> None:
    write_phantom_dataset(tmp_path, images=1, shape=(64, 64))
    with (tmp_path / "phantoms.csv").open(newline="", encoding="utf-8") as file:
        assert list_columns("phantoms.csv") == next(csv.reader(file))


def test_has_no_other_table() -> None:
    assert set(read_page()) == {*TABLES, "phantoms.csv"}


def test_tells_unit_and_meaning_of_each() -> None:
    for rows in read_page().values():
        for row in rows:
            assert len(row) == 3
            assert all(row)
