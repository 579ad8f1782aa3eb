"""The pages of a run that is larger than one, from the first look to an image and back."""

from dataclasses import replace
from pathlib import Path

import pytest

from browser.chromium import Chromium, needs_chromium
from browser.runs import RunMaker
from pipeline.writers import html_report
from pipeline.writers.report import report_pages

pytestmark = needs_chromium


@pytest.fixture
def first_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(html_report, "MOST_IMAGES", 4)
    monkeypatch.setattr(report_pages, "IMAGES_OF_A_PAGE", 4)
    monkeypatch.setattr(report_pages, "FIRST_LOOK", 3)
    run = RunMaker(tmp_path)
    for number in range(7):
        run.add_phantom(f"clinic 1%/{number}.png", number)
        row = replace(run.records[-1].row, boundary_uncertainty=0.1 * (number % 4))
        run.records[-1] = replace(run.records[-1], row=row)
    return run.finish()


def list_cards(page: Chromium) -> list[str]:
    cards = "[...document.querySelectorAll('.card .name')].map((name) => name.textContent)"
    return page.run(cards)


def follow(page: Chromium, text: str) -> None:
    """Click on a link of the page, and wait for what it leads to."""
    found = f"[...document.querySelectorAll('#pages a')].find((a) => a.textContent === '{text}')"
    page.run("window.isOld = true")
    page.run(f"{found}.click()")
    page.wait("!window.isOld && document.documentElement?.dataset.ready === 'yes'")


def test_leads_to_all_pages_and_back(page: Chromium, first_look: Path) -> None:
    page.open(first_look)
    assert list_cards(page) == ["3.png", "2.png", "6.png"]
    assert "7 images in this run" in page.run("document.getElementById('pages').textContent")
    follow(page, "Page 2")
    assert list_cards(page) == ["4.png", "5.png", "6.png"]
    page.wait("[...document.images].every((image) => image.naturalWidth === 160)")
    follow(page, "What to look at first, and all pages")
    assert list_cards(page) == ["3.png", "2.png", "6.png"]
    assert page.complaints == []


def test_what_was_said_of_an_image_stands_on_each_page_that_has_it(
    page: Chromium, first_look: Path
) -> None:
    page.open(first_look)
    page.click(".card:nth-child(3) .open")
    page.press("r")
    page.press("Escape")
    follow(page, "Page 1")
    assert page.run("document.getElementById('save-reviews').hidden")
    page.open(first_look)
    follow(page, "Page 2")
    assert page.run("document.getElementById('save-reviews').textContent") == "Save 1 review as CSV"
    assert "rejected" in page.run("document.querySelector('.card:nth-child(3)').textContent")
