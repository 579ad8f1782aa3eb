"""One browser for all tests of the page, and a server for each."""

from collections.abc import Iterator

import pytest

from label.page.annotator import Annotator
from label.page.fake_server import FakeServer


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Annotator]:
    annotator = Annotator(tmp_path_factory.mktemp("profile"))
    annotator.resize(1280, 720)
    yield annotator
    annotator.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    fake.add_study()
    yield fake
    fake.close()


@pytest.fixture
def page(browser: Annotator, server: FakeServer) -> Iterator[Annotator]:
    """The page as it is when it was just opened; its first image is `asymmetric.png`."""
    browser.visit(server.url)
    yield browser
    browser.leave()
