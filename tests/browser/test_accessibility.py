"""What axe-core finds on the pages: nothing."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from browser.chromium import Chromium, needs_chromium
from browser.test_page_of_evaluation import evaluation_page  # noqa: F401

pytestmark = needs_chromium

AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")


def find_barriers(page: Chromium) -> list[Any]:
    page.settle()
    page.run(f"{AXE};0")
    return page.run(
        "axe.run().then(({ violations }) => violations.map(({ id, impact, nodes }) =>"
        "[id, impact, nodes.map((node) => node.html.slice(0, 200))]))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["run_page", "evaluation_page"])
def test_page_and_large_view(
    request: pytest.FixtureRequest, chromium: Chromium, name: str, scheme: str
) -> None:
    path: Path = request.getfixturevalue(name)
    chromium.resize(1366, 900, scheme=scheme)
    chromium.open(path)
    assert find_barriers(chromium) == []
    chromium.click(".card .open")
    assert chromium.run("document.getElementById('viewer').open") is True
    assert find_barriers(chromium) == []


def test_it_finds_what_is_wrong(chromium: Chromium, run_page: Path) -> None:
    chromium.open(run_page)
    chromium.run(
        "document.getElementById('search').closest('label').querySelector('span').remove()"
    )
    chromium.run("document.getElementById('search').removeAttribute('placeholder')")
    assert "label" in json.dumps(find_barriers(chromium))
