"""The first tutorial runs, command by command, in a fresh folder."""

import csv
import shlex
from pathlib import Path

import pytest

from pipeline.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_segment_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from walk_docs import list_commands

    monkeypatch.chdir(tmp_path)
    # Fewer and smaller than the page's, to be quick.
    sizes = {"phantom": ["--images", "3", "--size", "120", "150"]}
    for command in list_commands("docs/tutorials/segment-a-folder.md"):
        name, *options = shlex.split(command.text)[1:]
        assert main([name, *options, *sizes.get(name, [])]) == 0, command.text
    results = tmp_path / "demo" / "results"
    with (results / "results.csv").open(newline="", encoding="utf-8") as file:
        statuses = [row["status"] for row in csv.DictReader(file)]
    assert "failed" not in statuses
    assert statuses.count("skipped") == 1  # the text among the images
    assert (results / "report.html").is_file()
    masks = [
        len(list((tmp_path / "demo" / run / "masks").rglob("*.png")))
        for run in ("results", "specific")
    ]
    assert masks[0] == masks[1] == len(statuses) - 1
