"""The page of an evaluation in a browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ignite.engine import Engine

from browser.chromium import Chromium, needs_chromium
from pipeline.evaluation.evaluation_page import EvaluationPage

pytestmark = needs_chromium


def make_item(name: str, *, true: int | None, found: int | None, **facts: Any) -> dict[str, Any]:
    """Make an item of which both masks are 20 px wide and begin at the given columns."""
    planes = []
    for left in (true, found):
        plane = np.zeros((1, 60, 100), np.uint8)
        if left is not None:
            plane[:, 20:35, left : left + 20] = 1
        planes.append(plane)
    return {
        "id": name,
        "source": "busi",
        "pathology": "benign" if true is not None else "normal",
        "original": np.full((1, 60, 100), 90.0),
        "label": planes[0],
        "pred": planes[1],
        "lesion_probability": 0.9,
        "mm_per_pixel": 0.1,
    } | facts


@pytest.fixture(scope="session")
def evaluation_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = EvaluationPage(tmp_path_factory.mktemp("evaluation"), split="test")
    engine = Engine(lambda _engine, batch: batch)
    page.attach(engine)
    items = [
        make_item("half", true=20, found=30),
        make_item("exact", true=20, found=20, source="busbra", pathology="malignant"),
        make_item("missed", true=20, found=None),
        make_item("misplaced", true=20, found=60, mm_per_pixel=0.0),
        make_item("quiet", true=None, found=None),
        make_item("disturbed", true=None, found=20),
    ]
    engine.run([items])
    return page.path


@pytest.fixture
def page(chromium: Chromium, evaluation_page: Path) -> Chromium:
    chromium.resize(1440, 1000)
    chromium.open(evaluation_page)
    return chromium


def names(page: Chromium) -> list[str]:
    return page.run("[...document.querySelectorAll('.card .name')].map((name) => name.textContent)")


def test_loads_without_a_complaint(page: Chromium, evaluation_page: Path) -> None:
    page.wait("[...document.images].every((image) => image.complete && image.naturalWidth)")
    assert page.complaints == []
    assert all(each.startswith(evaluation_page.parent.as_uri()) for each in page.requests)


def test_worst_first_and_normal_ones_last(page: Chromium) -> None:
    found = names(page)
    assert set(found[:2]) == {"missed", "misplaced"}
    assert found[2:] == ["half", "exact", "disturbed", "quiet"]


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        (2, {"half", "exact", "missed", "misplaced"}),
        (3, {"missed"}),
        (4, {"misplaced"}),
        (5, {"quiet", "disturbed"}),
        (6, {"disturbed"}),
    ],
)
def test_filter_by_outcome(page: Chromium, tally: int, expected: set[str]) -> None:
    page.click(f".tally:nth-child({tally})")
    assert set(names(page)) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("Set", "=busbra", ["exact"]), ("Pathology", "=normal", ["disturbed", "quiet"])],
)
def test_filter(page: Chromium, name: str, value: str, expected: list[str]) -> None:
    page.choose(f"[data-filter='{name}']", value)
    assert names(page) == expected


def test_truth_is_green_and_prediction_yellow(page: Chromium) -> None:
    page.choose("#search", "half")
    strokes = page.run(
        "[...document.querySelectorAll('.card .shape')].map((path) =>"
        "[getComputedStyle(path).stroke, path.getBBox().x, path.getBBox().width])"
    )
    assert strokes == [
        ["rgb(53, 208, 127)", pytest.approx(20, abs=0.2), pytest.approx(20, abs=0.2)],
        ["rgb(255, 210, 0)", pytest.approx(30, abs=0.2), pytest.approx(20, abs=0.2)],
    ]


def test_large_view_tells_scores_in_mm_or_px(page: Chromium) -> None:
    page.click(".worst li:nth-child(3) button")
    facts = page.run("document.getElementById('facts').innerText")
    assert facts.startswith("Dice 0.500")
    assert "Long axis\t2.4 mm\t2.4 mm" in facts  # 20 x 15 px, without half a pixel of each corner
    page.press("ArrowLeft")
    page.press("ArrowLeft")
    assert "pixels" in page.run("document.getElementById('facts').innerText")


def test_dot_opens_its_image(page: Chromium) -> None:
    click = "dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    page.run(f"document.querySelector('.dot.missed').{click}")
    assert page.run("document.getElementById('viewer-name').textContent") == "missed"
