"""Outlines below the operating point: what the page says of them, shows and takes over."""

from collections.abc import Iterator

import numpy as np
import pytest
from browser.barriers import find_barriers
from browser.chromium import needs_chromium

from label.page.annotator import Annotator
from label.page.fake_server import FakeServer

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only

NORMAL = "normal.png"
OUTLINE = np.zeros((200, 160), bool)
OUTLINE[40:80, 30:90] = True


@pytest.fixture
def doubted(browser: Annotator, server: FakeServer) -> Iterator[Annotator]:
    """The page with an image that has an outline below the operating point, and no other."""
    server.suppressed[NORMAL] = OUTLINE
    browser.visit(server.url)
    browser.hit(f'#images [title="{NORMAL}"]')
    browser.rest()
    yield browser
    browser.leave()


def count_pink(page: Annotator) -> int:
    """Count such pixels of the drawing; the legend, which is further right, has that colour too."""
    return int((np.abs(page.see()[:, :1000, :3].astype(int) - (255, 122, 217)).sum(-1) < 30).sum())


def test_nothing_is_said_where_there_is_none(page: Annotator) -> None:
    assert "Suppressed" not in page.text("facts")
    assert page.run("document.getElementById('suppressed').hidden") is True
    page.go("o")
    assert page.error() == ""


def test_is_shown_on_request(doubted: Annotator, server: FakeServer) -> None:
    assert "an outline of 12 %, below the operating point" in doubted.text("facts")
    assert "POST suppressed?id=normal.png&frame=0" not in server.asked
    before = count_pink(doubted)
    doubted.go("o")
    assert count_pink(doubted) > before + 50
    assert find_barriers(doubted) == []
    assert [each for each in doubted.measure_contrasts() if each[1] < 4.5] == []
    doubted.go("o")
    assert count_pink(doubted) == before
    doubted.go("s")
    assert not server.label(NORMAL).any()  # what is only shown is not saved


def test_is_added_to_the_mask(doubted: Annotator, server: FakeServer) -> None:
    doubted.go("o")
    doubted.hit("#suppressed-add")
    doubted.go("s")
    np.testing.assert_array_equal(server.label(NORMAL) > 0, OUTLINE)
    doubted.key("z", "ctrl")
    assert "no lesion" in doubted.text("facts")


def test_failure_is_said_and_can_be_tried_again(doubted: Annotator, server: FakeServer) -> None:
    server.failures["POST suppressed"] = 500, b'{"detail": "busy"}'
    doubted.go("o")
    assert "cannot be shown" in doubted.error()
    server.failures.clear()
    doubted.hit("#error-again")
    doubted.rest()
    assert doubted.run("document.getElementById('suppressed-show').ariaPressed") == "true"
