"""Signals end a command in one line, with the usual exit code."""

import argparse
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pipeline.cli import check, main
from pipeline.cli.stop_signals import Stopped, raise_stopped

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of a terminal, also where these tests run without one."""
    before = {number: signal.getsignal(number) for number in CODES}
    for number in CODES:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def make_command(monkeypatch: pytest.MonkeyPatch, run: Callable[[Any], int]) -> None:
    """Put another command in the place of `check`."""

    def add_parser(subparsers: Any) -> None:
        parser: argparse.ArgumentParser = subparsers.add_parser("check")
        parser.set_defaults(run=run, go_on=lambda _: "the same command goes on")

    monkeypatch.setattr(check, "add_parser", add_parser)


@pytest.mark.parametrize("number", CODES)
def test_command_ends_with_one_line(
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed = []

    def run(_: Any) -> int:
        try:
            os.kill(os.getpid(), number)
        finally:
            logging.getLogger("engine").error("run is terminating")
            closed.append(True)
        return 0

    make_command(monkeypatch, run)
    before = signal.getsignal(number)
    assert main.main(["check"]) == CODES[number]
    assert capsys.readouterr().err == "breast-us-seg: stopped: the same command goes on\n"
    assert closed
    assert signal.getsignal(number) == before


def test_second_signal_ends_the_process() -> None:
    with raise_stopped():
        with pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL


def test_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raise_stopped():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_logging_is_back_afterwards() -> None:
    with pytest.raises(Stopped), raise_stopped():
        os.kill(os.getpid(), signal.SIGINT)
    assert logging.root.manager.disable == logging.NOTSET


@pytest.mark.parametrize("variable", ["LC_ALL", "PYTHONIOENCODING"])
def test_locale_of_another_encoding(variable: str, tmp_path: Any) -> None:
    """A name with an umlaut, listed by a process whose locale knows ASCII only."""
    (tmp_path / "Größe.png").write_bytes(b"none")
    env = {**os.environ, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    env |= {"LC_ALL": "C"} if variable == "LC_ALL" else {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "pipeline.cli.main", "check", str(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    text = (done.stdout + done.stderr).decode()
    assert ("Größe.png" if variable == "LC_ALL" else "Gr\\xf6\\xdfe.png") in text
