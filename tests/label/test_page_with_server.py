"""The page before the server that users start: a corrected mask, from the browser to the file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.chromium import needs_chromium
from PIL import Image

from label.label_server import LabelServer, needs_label
from label.page.annotator import Annotator
from label.tiny_bundle import SHAPE, draw_mask

pytestmark = [needs_label, needs_chromium, pytest.mark.enable_socket]

FIRST = "a/first.png"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Annotator]:
    opened = Annotator(tmp_path_factory.mktemp("profile"))
    opened.resize(1280, 720)
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Annotator, server: LabelServer) -> Iterator[Annotator]:
    browser.visit(f"{server.url}/annotate/")
    browser.click(f'#images [title="{FIRST}"]')
    browser.rest()
    yield browser
    browser.leave()


def read_label(place: Path) -> np.ndarray:
    with Image.open(place / "labels" / "labels" / "final" / f"{FIRST}.png") as image:
        assert image.mode == "L"
        return np.asarray(image)


def test_prediction_is_corrected_and_saved(
    page: Annotator, server: LabelServer, place: Path
) -> None:
    assert page.text("name") == FIRST
    assert page.error() == ""
    prediction = server.post("/annotate/api/predict", id=FIRST).mask == 255
    assert (prediction & draw_mask()).sum() > 0.8 * draw_mask().sum()
    page.set("#size", 7)
    page.drag((12.5, 40.5))
    page.go("s")
    assert page.text("state") == "saved"
    rows, columns = np.indices(SHAPE)
    dot = np.hypot(columns - 12, rows - 40) <= 3.5
    np.testing.assert_array_equal(read_label(place), (prediction | dot) * np.uint8(255))
    assert page.complaints == []


def test_saved_label_is_shown_again(page: Annotator, server: LabelServer) -> None:
    server.put_mask(draw_mask(), id=FIRST)
    page.visit(f"{server.url}/annotate/")
    page.click(f'#images [title="{FIRST}"]')
    page.rest()
    assert page.text("state") == "saved"
    assert page.rows()["first.png"] == "labeled"


def test_save_and_next_goes_to_the_least_certain(page: Annotator, server: LabelServer) -> None:
    page.choose("#strategy", "uncertain")
    page.go("n")
    assert page.error() == ""
    assert page.text("name") not in ("", FIRST)


def test_no_lesion(page: Annotator, place: Path) -> None:
    page.drag((12.5, 40.5))
    page.go("x")
    page.click("#confirm-yes")
    page.rest()
    assert not read_label(place).any()
