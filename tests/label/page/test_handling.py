"""What stays in sight, where the keys go, what counts as done, and what is asked before."""

from collections.abc import Iterator

import numpy as np
import pytest
from browser.chromium import needs_chromium
from orientation_phantom import make_orientation_phantom

from label.page.annotator import Annotator
from label.page.fake_server import FakeServer

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only

ASYMMETRIC = "asymmetric.png"
CINE = "sweep.dcm"
PHONE, LAPTOP = (390, 844), (1366, 768)


@pytest.fixture
def crowded(server: FakeServer) -> FakeServer:
    """A list that is longer than any window."""
    image, label = make_orientation_phantom(60, 90)
    for index in range(30):
        server.add(f"many_{index:02d}.png", image, label)
    return server


@pytest.fixture
def cine(page: Annotator) -> Annotator:
    page.hit(f'#images [title="{CINE}"]')
    page.rest()
    return page


@pytest.fixture
def blanked(browser: Annotator, server: FakeServer) -> Iterator[Annotator]:
    """A page whose first image is black for the sake of the patient."""
    server.images[ASYMMETRIC] = np.zeros_like(server.images[ASYMMETRIC])
    server.blanked.add(ASYMMETRIC)
    browser.visit(server.url)
    yield browser
    browser.leave()


class TestSight:
    @pytest.fixture(params=[PHONE, LAPTOP], ids=["phone", "laptop"])
    def window(
        self, browser: Annotator, crowded: FakeServer, request: pytest.FixtureRequest
    ) -> Iterator[Annotator]:
        browser.resize(*request.param)
        browser.visit(crowded.url)
        yield browser
        browser.leave()
        browser.resize(1280, 720)

    def check(self, window: Annotator) -> None:
        for selector in (".top .notice", "[data-tool=brush]", "#stage", "#save"):
            assert window.is_in_sight(selector), selector

    def test_notice_and_tools_when_the_page_opens(self, window: Annotator) -> None:
        self.check(window)

    def test_notice_and_tools_after_the_keys(self, window: Annotator) -> None:
        for _ in range(6):
            window.go("ArrowRight")
        self.check(window)

    @pytest.mark.parametrize("name", ["many_29.png", CINE])
    def test_notice_and_tools_after_a_click_in_the_list(self, window: Annotator, name: str) -> None:
        window.hit(f'#images [title="{name}"]')
        window.rest()
        assert window.text("name") == name
        self.check(window)

    def test_row_of_the_image_within_the_list(self, window: Annotator) -> None:
        for _ in range(25):
            window.key("ArrowRight")
        window.rest()
        row, frame = window.run(
            "['[aria-selected=true]', '#images'].map((each) => document.querySelector(each))"
            ".map((each) => each.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom])"
        )
        assert frame[0] - 1 <= row[0]
        assert row[1] <= frame[1] + 1

    def test_nothing_is_wider_than_the_window(self, window: Annotator) -> None:
        assert window.run("document.documentElement.scrollWidth <= innerWidth")


class TestKeys:
    """What was worked by the pointer does not keep the keys."""

    def test_after_the_list_arrows_change_the_frame(self, cine: Annotator) -> None:
        cine.go("ArrowDown")
        assert cine.text("frame-shown") == "Frame 2 of 4"

    @pytest.mark.parametrize("selector", ["[data-tool=eraser]", "#zoom-in", "#undo", "#brightness"])
    def test_after_a_control_arrows_change_the_frame(self, cine: Annotator, selector: str) -> None:
        cine.hit(selector)
        cine.go("ArrowDown")
        assert cine.text("frame-shown") == "Frame 2 of 4"

    def test_after_the_slider_arrows_change_the_frame(self, cine: Annotator) -> None:
        cine.hit("#frame")
        cine.rest()
        before = cine.text("frame-shown")
        cine.go("ArrowDown")
        cine.go("ArrowUp")
        assert cine.text("frame-shown") == before != "Frame 1 of 4"

    def test_after_the_check_box_space_moves_the_image(self, cine: Annotator) -> None:
        cine.hit("#show-prediction")
        assert cine.run("document.activeElement.id") == "stage"

    def test_after_a_choice_letters_are_keys_again(
        self, cine: Annotator, server: FakeServer
    ) -> None:
        cine.hit("#zoom-in")  # the pointer was last
        cine.run("document.getElementById('strategy').focus()")
        cine.choose("#strategy", "first")
        cine.go("s")
        assert list(server.labels) == [(CINE, 0)]

    def test_choice_by_the_keyboard_keeps_the_focus(self, cine: Annotator) -> None:
        cine.key("b")
        cine.run("document.getElementById('strategy').focus()")
        cine.choose("#strategy", "first")
        assert cine.run("document.activeElement.id") == "strategy"

    def test_list_is_walked_by_the_keyboard(self, page: Annotator) -> None:
        page.run("document.querySelector('#images [aria-selected=true]').focus()")
        page.key("ArrowDown")
        page.go("Enter")
        assert page.text("name") == "clinic/benign.png"
        assert page.run("document.activeElement.getAttribute('role')") == "option"

    def test_what_is_typed_into_the_search_stays_there(self, page: Annotator) -> None:
        page.hit("#search")
        page.key("s")
        assert page.run("document.getElementById('search').value") == "s"


class TestCineIsNotDone:
    def label(self, server: FakeServer, *frames: int) -> None:
        for frame in frames:
            server.set_label(CINE, server.predictions[CINE][frame], frame)

    def test_one_frame_of_four(self, browser: Annotator, server: FakeServer) -> None:
        self.label(server, 1)
        browser.visit(server.url)
        assert browser.rows()[CINE] == "partly"
        assert "1 of 4 frames" in browser.text("images")
        assert browser.text("progress") == "0 of 5 labeled, 1 in part"
        browser.leave()

    def test_all_frames(self, browser: Annotator, server: FakeServer) -> None:
        self.label(server, 0, 1, 2, 3)
        browser.visit(server.url)
        assert browser.rows()[CINE] == "labeled"
        assert browser.text("progress") == "1 of 5 labeled"
        browser.leave()

    def test_count_grows_as_frames_are_saved(self, cine: Annotator) -> None:
        assert cine.text("frame-shown") == "Frame 1 of 4"
        cine.go("s")
        assert cine.text("frame-shown") == "Frame 1 of 4, labeled; 1 of 4 frames labeled"
        assert cine.rows()[CINE] == "partly"
        for _ in range(3):
            cine.go("ArrowDown")
            cine.go("s")
        assert cine.text("frame-shown") == "Frame 4 of 4, labeled; 4 of 4 frames labeled"
        assert cine.rows()[CINE] == "saved"

    def test_frame_that_counts_is_still_without_label(
        self, browser: Annotator, server: FakeServer
    ) -> None:
        server.key_frames[CINE] = [2]
        self.label(server, 1)
        browser.visit(server.url)
        for choice in ("open", "labeled"):
            browser.choose("#filter", choice)
            assert CINE in browser.rows()
        browser.leave()


class TestBlackPicture:
    """Nothing can be seen, so a mask of it is saved only if somebody means it."""

    @pytest.mark.parametrize("key", ["s", "n", "x"])
    def test_is_asked_about_and_not_saved(
        self, blanked: Annotator, server: FakeServer, key: str
    ) -> None:
        blanked.key(key)
        assert blanked.is_open("confirm")
        assert "cannot be seen" in blanked.text("confirm-text")
        blanked.click("#confirm-no")
        blanked.rest()
        assert server.labels == {}
        assert blanked.text("name") == ASYMMETRIC
        assert blanked.text("state") == "prediction, not saved"

    @pytest.mark.parametrize(("key", "is_black"), [("s", False), ("x", True)])
    def test_is_saved_if_it_is_meant(
        self, blanked: Annotator, server: FakeServer, key: str, is_black: bool
    ) -> None:
        blanked.key(key)
        blanked.click("#confirm-yes")
        blanked.rest()
        assert server.label(ASYMMETRIC).any() != is_black

    def test_is_asked_about_once_also_if_something_was_drawn(
        self, blanked: Annotator, server: FakeServer
    ) -> None:
        blanked.drag((150, 80), (160, 90))
        blanked.key("x")
        assert "drawn goes" in blanked.text("confirm-text")
        blanked.click("#confirm-yes")
        blanked.rest()
        assert not blanked.is_open("confirm")
        assert not server.label(ASYMMETRIC).any()

    def test_says_why_for_as_long_as_it_is_shown(self, blanked: Annotator) -> None:
        blanked.drag((150, 80), (160, 90))
        assert "burned-in name" in blanked.text("blanked")
        blanked.go("ArrowRight")
        assert blanked.run("document.getElementById('blanked').hidden")

    def test_other_pictures_are_saved_without_a_question(
        self, page: Annotator, server: FakeServer
    ) -> None:
        page.go("s")
        assert not page.is_open("confirm")
        assert list(server.labels) == [(ASYMMETRIC, 0)]
