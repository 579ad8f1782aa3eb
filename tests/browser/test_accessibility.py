"""What axe-core finds on the pages: nothing."""

import json
from pathlib import Path

import pytest

from browser.barriers import find_barriers
from browser.chromium import Chromium, needs_chromium
from browser.test_page_of_evaluation import evaluation_page  # noqa: F401

pytestmark = needs_chromium


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
