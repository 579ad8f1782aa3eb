"""Pages of a run that is larger than a page; here one of four images at most."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser.runs import RunMaker
from bundle_runs import run_brightness
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.writers import html_report
from pipeline.writers.report import report_pages

MASK = np.zeros((40, 60), bool)
MASK[10:20, 25:45] = True
GREY = np.full((40, 60), 90)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_report, "MOST_IMAGES", 4)
    monkeypatch.setattr(report_pages, "IMAGES_OF_A_PAGE", 4)
    monkeypatch.setattr(report_pages, "FIRST_LOOK", 3)


def read_data(path: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def list_names(data: dict[str, Any]) -> list[str]:
    return [f"{data['folders'][folder]}/{name}" for folder, name, *_ in data["items"]]


def make_run(folder: Path) -> RunMaker:
    """Seven files: images of doubts 0.10, 0.05 and so on, a cine of three frames, and a text."""
    run = RunMaker(folder)
    for number, doubt in enumerate((0.10, 0.05, 0.30, None, 0.20)):
        record = run.add(f"a/{number}.png", GREY, MASK, 0.1)
        row = replace(record.row, boundary_uncertainty=doubt)
        run.records[-1] = replace(record, row=row)
    for frame in (1, 2, 3):
        run.add("b/cine.dcm", GREY, MASK, 0.1, frame=frame)
    row = replace(run.records[-1].row, boundary_uncertainty=0.25)
    run.records[-1] = replace(run.records[-1], row=row)
    run.add_row("b/notes.txt", "skipped", "no image")
    return run


def test_each_file_is_on_one_page_in_the_order_of_the_run(tmp_path: Path) -> None:
    path = make_run(tmp_path).finish()
    pages = [read_data(page) for page in sorted((tmp_path / "report-pages").iterdir())]
    assert [list_names(page) for page in pages] == [
        ["a/0.png", "a/1.png", "a/2.png", "a/3.png"],
        ["a/4.png", "b/cine.dcm"],
        ["b/notes.txt"],
    ]
    assert [page["counts"] for page in pages] == [[4, 0, 0, 0], [4, 0, 0, 0], [0, 0, 1, 0]]
    assert read_data(path)["pages"] == [
        ["report-pages/0001.html", "a/0.png", "a/3.png", 4],
        ["report-pages/0002.html", "a/4.png", "b/cine.dcm", 4],
        ["report-pages/0003.html", "b/notes.txt", "b/notes.txt", 1],
    ]
    assert {page["base"] for page in pages} == {"../"}


def test_first_look_is_at_the_most_uncertain_of_the_whole_run(tmp_path: Path) -> None:
    data = read_data(make_run(tmp_path).finish())
    # Together no more images than on another page: with a/4.png they would be five.
    assert list_names(data) == ["a/2.png", "b/cine.dcm"]
    assert data["counts"] == [4, 0, 0, 0]
    assert data["totals"] == [8, 0, 1, 0]


def test_pages_are_among_the_files_that_may_be_removed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.finish()
    listed = run.report.list_run_files(run.gather())
    assert {tmp_path / "report.html", *(tmp_path / "report-pages").iterdir()} <= {*listed}


def test_pages_go_when_the_run_is_smaller(tmp_path: Path) -> None:
    image, _ = make_orientation_phantom(64, 96)
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(6):
        Image.fromarray(np.roll(image, number)).save(source / f"{number}.png")
    run_brightness(source, output)
    assert [page.name for page in sorted((output / "report-pages").iterdir())] == [
        "0001.html",
        "0002.html",
    ]
    for number in range(3):
        (source / f"{number}.png").unlink()
    run_brightness(source, output)
    assert (output / "report.html").is_file()
    assert not (output / "report-pages").exists()
