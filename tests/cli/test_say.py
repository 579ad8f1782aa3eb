"""What commands print, whatever names and terminals are."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main
from pipeline.cli.say import say


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\nline", 2)
    say("an error \x1b[31m", to_stderr=True)
    captured = capsys.readouterr()
    assert captured.out == "one\\nline\n2\n"
    assert captured.err == "an error \\x1b[31m\n"


def test_error_of_a_command_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "gone\nbreast-us-seg: all is well\x1b[2J")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "\x1b" not in error


@pytest.mark.parametrize("locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}], ids=str)
def test_names_in_a_locale_that_is_not_utf_8(locale: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(np.zeros((48, 80), np.uint8)).save(folder / "a.png")
    content = (folder / "a.png").read_bytes()
    for name in (b"caf\xe9.png", "\u4e73.png".encode(), b"=1+1.png", b"line\nbreak.png"):
        Path(f"{folder}/".encode().decode() + name.decode("utf-8", "surrogateescape")).write_bytes(
            content
        )
    command = [sys.executable, "-m", "pipeline.cli.main", "check", str(folder)]
    command += ["--csv", str(tmp_path / "t.csv")]
    done = subprocess.run(
        command, env={"PYTHONCOERCECLOCALE": "0", **locale}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"taken   ") == 5
    table = (tmp_path / "t.csv").read_text("utf-8").splitlines()
    assert len(table) == 6
    names = {line.partition(".png")[0] for line in table[1:]}
    assert names == {"a", "'=1+1", r"line\nbreak", "\u4e73", r"caf\udce9"}


def test_output_that_nobody_reads_ends_a_command_quietly() -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "config", "infer"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, told = process.communicate()
    assert (process.returncode, told) == (141, b"")
