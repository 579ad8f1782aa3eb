"""Temporary files, and what a server that was killed has left of them."""

import subprocess
import sys

from pipeline.server.scratch import Scratch

_KILLED = """
import os, pathlib, sys
from pipeline.server.scratch import Scratch
(Scratch(pathlib.Path(sys.argv[1])).folder / "copy.dcm").write_text("of a patient")
os._exit(9)
"""


def test_nothing_stays_at_the_end(tmp_path):
    scratch = Scratch(tmp_path / "scratch")
    (scratch.folder / "upload").mkdir()
    (scratch.folder / "upload" / "x.dcm").write_text("of a patient")
    scratch.close()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_a_killed_server_left_is_removed_by_the_next(tmp_path):
    subprocess.run([sys.executable, "-c", _KILLED, tmp_path / "scratch"], check=False)
    assert list(tmp_path.rglob("copy.dcm"))
    scratch = Scratch(tmp_path / "scratch")
    assert not list(tmp_path.rglob("copy.dcm"))
    scratch.close()


def test_server_that_runs_keeps_its_files(tmp_path):
    first = Scratch(tmp_path / "scratch")
    (first.folder / "x.dcm").write_text("in use")
    second = Scratch(tmp_path / "scratch")
    assert (first.folder / "x.dcm").is_file()
    second.close()
    assert (first.folder / "x.dcm").is_file()
    first.close()


def test_only_its_user_may_look(tmp_path):
    scratch = Scratch(tmp_path / "scratch")
    assert scratch.folder.stat().st_mode & 0o077 == 0
    scratch.close()
