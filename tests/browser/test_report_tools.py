"""Looking closely, reviewing, links and printing on the page of a run."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from browser.chromium import Chromium, needs_chromium
from browser.runs import RunMaker
from browser.test_page_of_run import card, focus_card, names, open_card, text

pytestmark = needs_chromium

IMAGE = "document.querySelector('#stage .picture img')"


def box_of(page: Chromium, selector: str) -> list[float]:
    return page.run(
        f"(() => {{ const box = document.querySelector({json.dumps(selector)})"
        ".getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; })()"
    )


def mouse(page: Chromium, kind: str, x: float, y: float, **facts: object) -> None:
    page.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **facts)


def drag(page: Chromium, start: tuple[float, float], end: tuple[float, float]) -> None:
    mouse(page, "mousePressed", *start, button="left", clickCount=1)
    mouse(page, "mouseMoved", *end, button="left", buttons=1)
    mouse(page, "mouseReleased", *end, button="left", clickCount=1)
    page.settle()


@pytest.fixture
def page(page: Chromium, run_page: Path) -> Chromium:
    """The page as in a browser that has never seen it."""
    page.run("localStorage.clear()")
    page.open(run_page)
    return page


class TestLens:
    def test_wheel_keeps_the_place_under_the_pointer(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        left, top, width, height = box_of(page, "#stage .picture img")
        x, y = left + width * 0.25, top + height * 0.75
        mouse(page, "mouseWheel", x, y, deltaX=0, deltaY=-100)
        page.settle()
        new_left, new_top, new_width, new_height = box_of(page, "#stage .picture img")
        assert new_width / width == pytest.approx(np.exp(0.25), rel=1e-3)
        assert (x - new_left) / new_width == pytest.approx(0.25, abs=1e-3)
        assert (y - new_top) / new_height == pytest.approx(0.75, abs=1e-3)

    def test_outline_stays_on_the_picture(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("+")
        left, top, width, height = box_of(page, "#stage")
        drag(page, (left + width / 2, top + height / 2), (left + width / 2 - 40, top + height / 2))
        assert box_of(page, "#stage .picture img") == box_of(page, "#stage .picture svg")
        assert box_of(page, "#stage .picture img")[2] == pytest.approx(1.5 * width)

    def test_drag_moves_and_stops_at_the_border(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("+")
        left, top, width, height = box_of(page, "#stage")
        middle = (left + width / 2, top + height / 2)
        start = box_of(page, "#stage .picture img")
        drag(page, middle, (middle[0] - 30, middle[1] - 20))
        moved = box_of(page, "#stage .picture img")
        assert (moved[0] - start[0], moved[1] - start[1]) == pytest.approx((-30, -20))
        drag(page, middle, (middle[0] + 5000, middle[1]))
        assert box_of(page, "#stage .picture img")[0] == pytest.approx(left)

    def test_grey_values_and_the_way_back(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.choose("#brightness", "1.5")
        page.choose("#contrast", "2")
        page.press("+")
        assert page.run(f"getComputedStyle({IMAGE}).filter") == "brightness(1.5) contrast(2)"
        page.press("0")
        assert page.run(f"getComputedStyle({IMAGE}).filter") == "brightness(1) contrast(1)"
        assert text(page, "#zoom") == "100 %"

    def test_next_image_is_seen_whole(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("+")
        page.press("ArrowRight")
        assert text(page, "#zoom") == "100 %"

    def test_swipe_goes_on(self, page: Chromium) -> None:
        open_card(page, names(page)[0])
        first = text(page, "#viewer-name")
        left, top, width, height = box_of(page, "#stage .picture")
        middle = (left + width / 2, top + height / 2)
        drag(page, middle, (middle[0] - 100, middle[1] + 5))
        assert text(page, "#viewer-name") == names(page)[1]
        drag(page, middle, (middle[0] + 100, middle[1] + 5))
        assert text(page, "#viewer-name") == first


class TestScale:
    def test_ticks_and_bar_are_as_long_as_they_say(self, page: Chromium) -> None:
        open_card(page, "large.dcm")  # 120 rows and 160 columns of 0.1 mm
        ticks = page.run("document.querySelector('#stage .ticks').getAttribute('d')")
        assert [float(part.split("h")[0].split()[1]) for part in ticks.split("M")[1:]] == [50, 100]
        label, length = page.run(
            "[document.querySelector('#stage .scale-text').textContent,"
            "document.querySelector('#stage .scale-bar').getBBox().width]"
        )
        assert (label, length) == ("5 mm", pytest.approx(50))
        page.press("g")
        assert page.run("document.querySelector('#stage .scale')") is None

    def test_none_without_a_scale(self, page: Chromium) -> None:
        open_card(page, "pixels.png")
        assert page.run("document.querySelector('#stage .scale')") is None
        assert page.run("document.getElementById('viewer-scale').hidden") is True


class TestReviews:
    def test_are_kept_shown_filtered_and_saved(self, page: Chromium, run_page: Path) -> None:
        open_card(page, "large.dcm")
        page.press("a")
        page.choose("#comment", '=1+1, "cyst"')
        page.press("ArrowRight")
        page.press("r")
        second = text(page, "#viewer-name")
        page.press("Escape")
        page.open(run_page)
        page.choose("[data-filter='Review']", "accepted")
        assert names(page) == ["large.dcm"]
        assert "accepted" in page.run(f"{card('large.dcm')}.innerText")
        page.choose("[data-filter='Review']", "comment")
        assert names(page) == ["large.dcm"]
        page.run(
            "window.saved = null; URL.createObjectURL = (blob) => { saved = blob; return ''; }"
        )
        page.run("HTMLAnchorElement.prototype.click = () => {}")
        page.click("#save-reviews")
        rows = list(csv.DictReader(io.StringIO(page.run("saved.text()"))))
        assert [row["review"] for row in rows] == ["accepted", "rejected"]
        assert rows[0]["file"] == "a/large.dcm"
        assert rows[0]["comment"] == '\'=1+1, "cyst"'
        assert rows[1]["file"].endswith(second)

    def test_same_key_takes_it_back(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("a")
        assert page.run("document.getElementById('save-reviews').hidden") is False
        page.press("a")
        assert page.run("document.getElementById('save-reviews').hidden") is True

    def test_of_another_outline_counts_no_more(self, page: Chromium, tmp_path: Path) -> None:
        masks = np.zeros((2, 120, 160), bool)
        masks[0, 30:60, 40:90] = masks[1, 30:61, 40:90] = True
        seen = []
        for mask in (masks[0], masks[0], masks[1]):
            run = RunMaker(tmp_path)
            run.add("x.png", np.zeros(mask.shape), mask, None)
            page.open(run.finish())
            seen.append("accepted" in page.run(f"{card('x.png')}.innerText"))
            open_card(page, "x.png")
            if not any(seen):
                page.press("a")
            page.press("Escape")
        assert seen == [False, True, False]

    def test_typing_a_comment_is_no_key(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.run("document.getElementById('comment').focus()")
        page.press("m")
        assert page.run("document.querySelector('#stage .picture').dataset.mode") == "contour"


class TestAddress:
    def test_reload_shows_the_same(self, page: Chromium, run_page: Path) -> None:
        page.choose("#sort", "1")
        page.choose("[data-filter='Folder']", "=a")
        page.choose("#search", "dcm")
        page.click("#mode-mask")
        shown = names(page)
        open_card(page, "small.dcm")
        address = page.run("location.href")
        page.send("Page.navigate", url="about:blank")
        page.send("Page.navigate", url=address)
        page.wait("document.documentElement?.dataset.ready === 'yes'")
        assert text(page, "#viewer-name") == "small.dcm"
        assert page.run("document.body.dataset.mode") == "mask"
        page.press("Escape")
        assert names(page) == shown
        page.click("#reset")
        assert "search" not in page.run("location.hash")

    def test_frame_of_a_cine(self, page: Chromium, run_page: Path) -> None:
        page.send("Page.navigate", url=f"{run_page.as_uri()}#open=cine%2Fsweep.dcm&frame=2")
        page.wait("document.getElementById('viewer').open")
        assert "frame 2 of 8" in text(page, "#viewer-place")

    def test_nonsense_is_no_harm(self, page: Chromium, run_page: Path) -> None:
        page.send("Page.navigate", url="about:blank")
        page.send("Page.navigate", url=f"{run_page.as_uri()}#sort=99&tally=x&Folder==gone&open=no")
        page.wait("document.documentElement?.dataset.ready === 'yes'")
        assert len(names(page)) == 9
        assert page.complaints == []


class TestPrint:
    def test_every_card_is_on_paper_and_none_too_many_afterwards(
        self, page: Chromium, many_page: Path
    ) -> None:
        page.open(many_page)
        page.choose("[data-filter='Folder']", "=clinic-03")
        page.run("dispatchEvent(new Event('beforeprint'))")
        assert page.run("document.querySelectorAll('.card').length") == 125
        page.run("dispatchEvent(new Event('afterprint'))")
        assert page.run("document.querySelectorAll('.card').length") < 60

    def test_cards_stand_side_by_side(self, page: Chromium) -> None:
        page.send("Emulation.setEmulatedMedia", media="print")
        page.run("dispatchEvent(new Event('beforeprint'))")
        boxes = page.run(
            "[...document.querySelectorAll('.card')].map((each) => each.getBoundingClientRect())"
            ".map((box) => [box.left, box.top, box.right, box.bottom])"
        )
        page.run("dispatchEvent(new Event('afterprint'))")
        page.send("Emulation.setEmulatedMedia", media="")
        assert len({tuple(box) for box in boxes}) == 9
        for number, (left, top, right, bottom) in enumerate(boxes):
            for other in boxes[:number]:
                apart = left >= other[2] or right <= other[0]
                assert apart or top >= other[3] or bottom <= other[1]


class TestSmallScreen:
    @pytest.fixture
    def phone(self, page: Chromium, run_page: Path) -> Chromium:
        page.resize(390, 780)
        page.open(run_page)
        return page

    def test_close_and_next_are_on_the_screen(self, phone: Chromium) -> None:
        open_card(phone, names(phone)[0])
        for name in ("close", "next", "previous"):
            left, top, width, height = box_of(phone, f"#viewer-{name}")
            assert left >= 0
            assert left + width <= 390
            assert 0 <= top <= 780 - height

    def test_filters_fold(self, phone: Chromium) -> None:
        is_seen = "document.querySelector('[data-filter=Quality]').checkVisibility()"
        assert phone.run(is_seen) is False
        phone.click("#fold")
        assert phone.run(is_seen) is True
        assert phone.run("document.documentElement.scrollWidth") <= 390


def test_keys_are_listed(page: Chromium) -> None:
    page.press("?")
    assert "accept, reject" in text(page, "#keys")
    page.press("Escape")
    focus_card(page, "large.dcm")
    page.press("m")
    assert page.run(f"{card('large.dcm')}.querySelector('.picture').dataset.mode") == "mask"


def test_silence_and_malignancy_on_the_card(page: Chromium, tmp_path: Path) -> None:
    below = np.zeros((120, 160), bool)
    below[40:80, 30:90] = True
    run = RunMaker(tmp_path)
    run.add("silent.png", np.zeros(below.shape), np.zeros_like(below), None, suppressed=below)
    run.add("seen.png", np.zeros(below.shape), below, None)
    page.open(run.finish())
    assert "below the operating point" in page.run(f"{card('silent.png')}.innerText")
    page.choose("[data-filter='Suppressed']", "yes")
    assert names(page) == ["silent.png"]


def test_blanked_picture_says_so(page: Chromium, tmp_path: Path) -> None:
    below = np.zeros((120, 160), bool)
    run = RunMaker(tmp_path)
    run.add("name.dcm", np.zeros(below.shape), below, None, is_blanked=True)
    page.open(run.finish())
    open_card(page, "name.dcm")
    assert "black here on purpose" in text(page, "#facts")
