"""What axe-core finds on the page of the annotator: nothing."""

import pytest
from browser.barriers import find_barriers
from browser.chromium import needs_chromium

from label.page.annotator import Annotator

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_and_help(page: Annotator, scheme: str) -> None:
    page.resize(1280, 720, scheme=scheme)
    assert find_barriers(page) == []
    page.key("?")
    assert page.run("document.getElementById('help').open") is True
    assert find_barriers(page) == []


def test_phone(page: Annotator) -> None:
    page.resize(390, 844)
    assert find_barriers(page) == []
    page.resize(1280, 720)
