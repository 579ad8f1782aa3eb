"""Tables as spreadsheets and as Python's reader see them."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import WriteError
from pipeline.write_table import format_cell, write_table


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "- 0.1", "+49 89 123", "-"),
        *("--1", "-0.5x", "=", "-1e", "-.", "-inf", "＝1＋1"),  # noqa: RUF001
    ],
)
def test_formulas_become_text(text: str) -> None:
    assert format_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\t=1+1", "\r=1+1", "\n=1+1", "\u202e=1+1", "\x00=1+1"])
def test_what_nobody_sees_hides_no_formula(text: str) -> None:
    assert format_cell(text).startswith("\\")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *((-0.5, "-0.5"), (-3, "-3"), (0, "0"), (1e-7, "1e-07"), (True, "True"), (None, "")),
        *(("-0.5", "-0.5"), ("+7", "+7"), ("-1.5e-3", "-1.5e-3"), ("-.5", "-.5"), ("", "")),
        *(("a=b", "a=b"), ("a-b", "a-b"), ("a\nb", r"a\nb"), ("'a", "'a")),
    ],
)
def test_numbers_and_other_text_stay(value: object, cell: str) -> None:
    assert format_cell(value) == cell


def test_table(tmp_path: Path) -> None:
    rows = [{"a": "x,y", "b": -0.5, "c": "left out"}, {"a": '"'}, {"a": "caf\udce9", "b": "=1"}]
    write_table(tmp_path / "sub" / "t.csv", ("a", "b"), iter(rows))
    content = (tmp_path / "sub" / "t.csv").read_bytes()
    assert content == b'a,b\n"x,y",-0.5\n"""",\ncaf\\udce9,\'=1\n'
    read = list(csv.reader(io.StringIO(content.decode())))
    assert read == [["a", "b"], ["x,y", "-0.5"], ['"', ""], [r"caf\udce9", "'=1"]]


def test_no_rows(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", ("a", "b"), [])
    assert (tmp_path / "t.csv").read_text() == "a,b\n"


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(WriteError, match="expected to write"):
        write_table(tmp_path / "t.csv", ("a",), [])


def test_error_in_a_row_leaves_the_old_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("old")

    def rows():
        yield {"a": 1}
        raise KeyError

    with pytest.raises(KeyError):
        write_table(tmp_path / "t.csv", ("a",), rows())
    assert (tmp_path / "t.csv").read_text() == "old"


def test_encoding_of_the_machine_does_not_count(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from pipeline.write_table import write_table; "
        "write_table(Path(sys.argv[1]), ['a'], [{'a': chr(252)}])"
    )
    command = [sys.executable, "-X", "utf8=0", "-c", script, str(tmp_path / "t.csv")]
    subprocess.run(command, env={"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}, check=True)
    assert (tmp_path / "t.csv").read_bytes() == b"a\n\xc3\xbc\n"
