"""How much a command tells, and in which form."""

import argparse
import io
import json
import logging
import warnings

import pytest
from tqdm import tqdm

from pipeline.cli.bar_handler import BarHandler
from pipeline.cli.console import add_console_options, open_console
from pipeline.cli.log_format import TextFormat
from pipeline.cli.say import say

RED = "\x1b[31m"
FRIGHTENING = (
    ("ignite.engine.engine.OverlappedEvaluator", logging.INFO, "Engine run resuming"),
    ("ignite.engine.engine.OverlappedEvaluator", logging.ERROR, "Engine run is terminating"),
    ("monai.data.nvimgcodec_pydicom_plugin", logging.WARNING, "nvImageCodec is not available"),
    ("monai.bundle.workflows", logging.INFO, "No workflow type"),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_console_options(parser)
    return parser.parse_args(words)


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[str], list[str]]:
    """Tell all kinds of things; give the lines of both streams."""
    for name, _, _ in FRIGHTENING:  # MONAI, or the config of a test before, may have set them
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).propagate = True
    with open_console(parse(*words)):
        for name, level, message in FRIGHTENING:
            logging.getLogger(name).log(level, message)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("for programmers", stacklevel=1)
        logging.getLogger("pipeline.x").info("what runs")
        logging.getLogger("pipeline.x").warning("careful")
        logging.getLogger("pipeline.x").error("failed: a\x1b[2J.png", extra={"fields": {"n": 1}})
        say("a result")
        say("an error", to_stderr=True)
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err.splitlines()


def test_tells_what_matters(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = tell(capsys)
    assert out == ["a result"]
    assert err == ["what runs", "warning: careful", r"failed: a\x1b[2J.png", "an error"]


def test_verbose_tells_all_with_times(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = tell(capsys, "--verbose")
    for _, _, message in FRIGHTENING:
        assert any(message in line for line in err)
    assert any("for programmers" in line for line in err)
    assert all(line[:2] == "20" for line in err[:-1])


def test_quiet_tells_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(capsys, "--quiet") == ([], [r"failed: a\x1b[2J.png", "an error"])


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = tell(capsys, "--log-format", "json")
    found = [(entry["level"], entry["message"]) for entry in map(json.loads, [*out, *err])]
    assert found == [
        ("info", "a result"),
        ("info", "what runs"),
        ("warning", "careful"),
        ("error", "failed: a\x1b[2J.png"),
        ("error", "an error"),
    ]
    assert json.loads(err[2])["n"] == 1
    assert json.loads(err[2])["time"].endswith("+00:00")


def test_json_tells_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with open_console(parse("--log-format", "json")):
        try:
            raise ValueError
        except ValueError:
            logging.getLogger("pipeline").exception("it broke")
    assert "ValueError" in json.loads(capsys.readouterr().err)["traceback"]


def test_afterwards_all_is_as_before() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers), logging.getLogger("ignite").level
    with open_console(parse("--verbose")):
        assert list(root.handlers) != before[1]
    assert (root.level, list(root.handlers), logging.getLogger("ignite").level) == before


def test_verbose_excludes_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse("--verbose", "--quiet")


@pytest.mark.parametrize(
    ("stream", "environment", "has_colour"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colour(stream, environment, has_colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), None)
    assert TextFormat(stream).format(record).startswith(RED) == has_colour


def test_line_does_not_run_into_a_bar() -> None:
    stream = Terminal()
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed: a.png", (), None)
    with tqdm(total=3, file=stream, mininterval=0) as bar:
        bar.update()
        BarHandler(stream).emit(record)
    before, _, after = stream.getvalue().partition("failed: a.png\n")
    assert before.endswith("\r")  # the bar is cleared before the line
    assert "1/3" in after  # and drawn again below it
