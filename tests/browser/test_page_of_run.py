"""The page of a run in a browser."""

import json
from pathlib import Path

import numpy as np
import pytest

from browser.chromium import Chromium, needs_chromium
from browser.runs import HOSTILE, RunMaker
from pipeline.lesions.lesion import find_lesions
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

pytestmark = needs_chromium

ALL = {
    "50 % #1?.dcm",
    "broken.dcm",
    "large.dcm",
    "small.dcm",
    "nothing.png",
    "pixels.png",
    HOSTILE,
    "sweep.dcm",
    "readme.txt",
}


def names(page: Chromium) -> list[str]:
    """Names of the cards from left to right and from top to bottom."""
    return page.run("[...document.querySelectorAll('.card .name')].map((name) => name.textContent)")


def text(page: Chromium, selector: str) -> str:
    return page.run(f"document.querySelector({json.dumps(selector)}).innerText")


def card(name: str) -> str:
    """Script that finds the card of a file."""
    find = f"(each) => each.querySelector('.name').textContent === {json.dumps(name)}"
    return f"[...document.querySelectorAll('.card')].find({find})"


def mode_of(page: Chromium, name: str) -> str:
    return page.run(f"{card(name)}.querySelector('.picture').dataset.mode")


def open_card(page: Chromium, name: str) -> None:
    page.run(f"{card(name)}.querySelector('.open').click()")
    page.settle()


def focus_card(page: Chromium, name: str) -> None:
    page.run(f"{card(name)}.querySelector('.open').focus()")


def choose_filter(page: Chromium, name: str, value: str) -> None:
    page.choose(f"[data-filter='{name}']", value)


class TestLoading:
    def test_no_complaint_and_nothing_but_its_own_files(
        self, page: Chromium, run_page: Path
    ) -> None:
        page.wait("[...document.images].every((image) => image.complete)")
        assert page.complaints == []
        folder = run_page.parent.as_uri()
        assert [each for each in page.requests if not each.startswith(folder)] == []

    def test_every_picture_is_there(self, page: Chromium) -> None:
        page.wait("[...document.images].filter((i) => i.src).every((i) => i.naturalWidth === 160)")
        assert page.run("[...document.images].filter((image) => image.src).length") == 7

    @pytest.mark.parametrize(
        "script",
        [
            "fetch('https://example.org/')",
            "fetch(location.href)",
            "new Promise((go, stop) => { const image = new Image(); image.onload = go;"
            " image.onerror = () => stop(new Error('refused'));"
            " image.src = 'https://example.org/x.png'; })",
        ],
    )
    def test_policy_refuses_whatever_goes_out(self, page: Chromium, script: str) -> None:
        assert page.run(f"({script}).then(() => 'sent', () => 'refused')") == "refused"
        assert any("Content Security Policy" in each for each in page.complaints)

    def test_policy_refuses_an_injected_handler(self, page: Chromium) -> None:
        page.run(
            "document.body.insertAdjacentHTML('beforeend', '<img src=x: onerror=window.hit=1>')"
        )
        page.settle()
        assert page.run("window.hit") is None

    def test_summary(self, page: Chromium) -> None:
        tallies = page.run("[...document.querySelectorAll('.tally')].map((each) => each.innerText)")
        counts = [" ".join(each.split()) for each in tallies]
        assert counts == ["16 images", "11 with lesion", "3 no lesion", "1 skipped", "1 failed"]
        assert text(page, "#shown") == "9 of 9 files, 16 frames"
        assert "Research use only" in text(page, "header")
        assert "weights 0123456789ab" in text(page, "#brief")

    def test_file_name_is_text(self, page: Chromium) -> None:
        assert HOSTILE in names(page)
        assert page.run("document.title") != "taken"

    def test_missing_preview_is_reported(
        self, page: Chromium, tmp_path: Path, run_page: Path
    ) -> None:
        alone = tmp_path / "report.html"
        alone.write_bytes(run_page.read_bytes())
        page.open(alone)
        page.wait(f"{card('large.dcm')}.innerText.includes('Preview not found')")


class TestCards:
    @pytest.mark.parametrize(
        ("name", "headline"),
        [
            ("large.dcm", "mm"),
            ("pixels.png", "px\nnot calibrated"),
            ("nothing.png", "No lesion"),
            ("broken.dcm", "Failed"),
            ("readme.txt", "Skipped"),
        ],
    )
    def test_tell_size_or_status(self, page: Chromium, name: str, headline: str) -> None:
        assert page.run(f"{card(name)}.querySelectorAll('.row')[1].innerText").endswith(headline)

    def test_tell_probability_and_remark_and_reason(self, page: Chromium) -> None:
        assert "probability 98 %" in page.run(f"{card('pixels.png')}.innerText")
        assert "uncertain boundary" in page.run(f"{card('pixels.png')}.innerText")
        assert "expected 100 bytes" in page.run(f"{card('broken.dcm')}.innerText")

    def test_outline_lies_where_the_mask_is(self, page: Chromium) -> None:
        box = page.run(
            f"(() => {{ const box = {card('large.dcm')}.querySelector('path.shape').getBBox();"
            "return [box.x, box.y, box.x + box.width, box.y + box.height]; })()"
        )
        # A disc with a radius below 40 px around the centre of the pixel of row 60, column 80.
        assert box == pytest.approx([41, 21, 120, 100], abs=0.6)

    def test_lies_on_the_picture(self, page: Chromium) -> None:
        same = page.run(
            f"(() => {{ const one = {card('large.dcm')};"
            "const a = one.querySelector('img').getBoundingClientRect();"
            "const b = one.querySelector('.picture svg').getBoundingClientRect();"
            "return [a.x - b.x, a.y - b.y, a.width - b.width, a.height - b.height]; })()"
        )
        assert same == [0, 0, 0, 0]


class TestFiltersAndOrder:
    def test_all_at_first(self, page: Chromium) -> None:
        assert set(names(page)) == ALL

    @pytest.mark.parametrize(
        ("tally", "expected"),
        [
            (2, {"large.dcm", "small.dcm", "50 % #1?.dcm", "pixels.png", HOSTILE, "sweep.dcm"}),
            (3, {"nothing.png", "sweep.dcm"}),
            (4, {"readme.txt"}),
            (5, {"broken.dcm"}),
        ],
    )
    def test_status(self, page: Chromium, tally: int, expected: set[str]) -> None:
        page.click(f".tally:nth-child({tally})")
        assert set(names(page)) == expected
        page.click(f".tally:nth-child({tally})")
        assert set(names(page)) == ALL

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("Folder", "=b", {"nothing.png", "pixels.png"}),
            ("Folder", "=", {HOSTILE}),
            ("Probability", "0.98", {"small.dcm", "pixels.png", "sweep.dcm"}),
            ("Calibration", "no", {"nothing.png", "pixels.png"}),
            (
                "Calibration",
                "yes",
                {"large.dcm", "small.dcm", "50 % #1?.dcm", HOSTILE, "sweep.dcm"},
            ),
            ("Quality", "yes", {"pixels.png"}),
        ],
    )
    def test_filter(self, page: Chromium, name: str, value: str, expected: set[str]) -> None:
        choose_filter(page, name, value)
        assert set(names(page)) == expected

    @pytest.mark.parametrize(
        ("words", "expected"),
        [("LARGE", {"large.dcm"}), ("uncertain", {"pixels.png"}), ("a/ 7", {"broken.dcm"})],
    )
    def test_search_in_name_remark_and_reason(
        self, page: Chromium, words: str, expected: set[str]
    ) -> None:
        page.choose("#search", words)
        assert set(names(page)) == expected

    def test_nothing_found_and_all_filters_cleared(self, page: Chromium) -> None:
        page.choose("#search", "no such file")
        assert names(page) == []
        assert text(page, "#nothing") == "No image matches."
        page.click("#reset")
        assert set(names(page)) == ALL

    def test_reason_in_the_table_shows_its_files(self, page: Chromium) -> None:
        page.run("document.getElementById('about-reasons').open = true")
        assert "1\tSkipped\texpected an image, got a text" in text(page, "#reasons")
        page.click("#reasons tr:last-child button")
        assert names(page) == ["readme.txt"]

    def test_by_name(self, page: Chromium) -> None:
        assert names(page)[:4] == [HOSTILE, "50 % #1?.dcm", "broken.dcm", "large.dcm"]

    def test_by_probability(self, page: Chromium) -> None:
        page.choose("#sort", "1")
        found = names(page)
        assert found.index("small.dcm") < found.index("pixels.png") < found.index("large.dcm")
        assert found[-3:] == ["nothing.png", "broken.dcm", "readme.txt"]

    def test_by_size_in_mm_before_px(self, page: Chromium) -> None:
        page.choose("#sort", "2")
        found = [name for name in names(page) if name != "sweep.dcm"]
        sizes = ["large.dcm", HOSTILE, "50 % #1?.dcm", "small.dcm", "pixels.png"]
        assert found[:5] == sizes
        page.click("#reverse")
        assert [name for name in names(page) if name in sizes] == sizes[::-1]


class TestModes:
    def test_of_all_by_button_and_key(self, page: Chromium) -> None:
        page.click("#mode-mask")
        assert mode_of(page, "large.dcm") == "mask"
        page.run("document.activeElement.blur()")
        page.press("o")
        assert {mode_of(page, name) for name in ALL} == {"original"}
        page.press("c")
        assert mode_of(page, "large.dcm") == "contour"

    def test_of_one_by_key_and_button(self, page: Chromium) -> None:
        focus_card(page, "large.dcm")
        page.press("m")
        assert (mode_of(page, "large.dcm"), mode_of(page, "small.dcm")) == ("mask", "contour")
        page.run(f"{card('small.dcm')}.querySelectorAll('.card-modes button')[2].click()")
        assert mode_of(page, "small.dcm") == "original"

    def test_are_seen(self, page: Chromium) -> None:
        style = f"getComputedStyle({card('large.dcm')}.querySelector('.shape'))"
        overlay = f"getComputedStyle({card('large.dcm')}.querySelector('.picture svg')).display"
        assert page.run(f"{style}.fill") == "none"
        page.press("m")
        assert page.run(f"{style}.fill") == "rgb(255, 210, 0)"
        page.press("o")
        assert page.run(overlay) == "none"

    def test_letters_typed_into_the_search_are_no_keys(self, page: Chromium) -> None:
        page.press("/")
        assert page.run("document.activeElement.id") == "search"
        page.press("m")
        assert page.run("document.body.dataset.mode") == "contour"


class TestViewer:
    def test_opens_and_goes_on_with_arrows_in_the_order_shown(self, page: Chromium) -> None:
        page.choose("#sort", "1")
        order = names(page)
        focus_card(page, order[0])
        page.press("Enter")
        seen = [text(page, "#viewer-name")]
        for _ in order[1:]:
            page.press("ArrowRight")
            seen.append(text(page, "#viewer-name"))
        assert seen == order
        page.press("ArrowLeft")
        assert text(page, "#viewer-name") == order[-2]

    def test_closes_and_gives_the_focus_to_the_last_one_seen(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("ArrowRight")
        seen = text(page, "#viewer-name")
        page.press("Escape")
        page.settle()
        assert page.run("document.getElementById('viewer').open") is False
        assert (
            page.run("document.activeElement.closest('.card').querySelector('.name').textContent")
            == seen
        )

    def test_has_the_measurements_of_the_table(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        facts = text(page, "#facts")
        mask = np.hypot(*(np.indices((120, 160)) - np.array([60, 80])[:, None, None])) < 40
        region = CalibratedRegion((0, 0, 120, 160), (0.1, 0.1), RegionOrigin.GIVEN)
        (lesion,) = find_lesions(mask, mask.astype(np.float32), regions=[region])
        assert f"Long axis\t{lesion.long_axis.length_mm:.1f} mm" in facts
        assert f"Area\t{lesion.area_mm2:.1f} mm² {lesion.area_px} px" in facts
        assert f"Solidity\t{lesion.solidity:.2f}" in facts

    def test_says_not_calibrated(self, page: Chromium) -> None:
        open_card(page, "pixels.png")
        assert "Not calibrated" in text(page, "#facts")
        assert " mm" not in text(page, "#facts table").replace("mm per pixel", "")

    def test_diameters_are_those_measured(self, page: Chromium, tmp_path: Path) -> None:
        rows, columns = np.indices((200, 300)) - np.array([90, 140])[:, None, None]
        along, across = 0.8 * columns + 0.6 * rows, 0.8 * rows - 0.6 * columns
        mask = (along / 80) ** 2 + (across / 35) ** 2 < 1
        run = RunMaker(tmp_path)
        run.add("x.png", np.zeros(mask.shape), mask, 0.1)
        (lesion,) = find_lesions(mask, mask.astype(np.float32))
        page.open(run.finish())
        page.click(".card .open")
        for name, axis in (("long", lesion.long_axis), ("short", lesion.short_axis)):
            line = page.run(f"document.querySelector('#stage .axis.{name}').getAttribute('d')")
            x1, y1, x2, y2 = map(float, line[1:].split("M")[0].replace("L", " ").split())
            drawn = np.array(sorted([(y1, x1), (y2, x2)]))
            expected = np.array(sorted([axis.start, axis.end])) + 0.5
            assert np.hypot(*(drawn[1] - drawn[0])) == pytest.approx(axis.length_px, abs=1.5)
            # Near its end an ellipse is so flat that the short one may slip along it.
            assert np.abs(drawn - expected).max() < (2 if name == "long" else 9)
        page.press("d")
        assert page.run("document.querySelectorAll('#stage .axis').length") == 0

    def test_outline_below_the_operating_point_is_shown_on_request(
        self, page: Chromium, tmp_path: Path
    ) -> None:
        below = np.zeros((120, 160), bool)
        below[40:80, 30:90] = True
        run = RunMaker(tmp_path)
        run.add("silent.png", np.zeros(below.shape), np.zeros_like(below), None, suppressed=below)
        run.add("other.png", np.zeros(below.shape), below, None)
        page.open(run.finish())
        shapes = "document.querySelectorAll('#stage .shape.suppressed').length"
        is_hidden = "document.getElementById('viewer-suppressed').hidden"
        open_card(page, "silent.png")
        assert "1 outline below the operating point (4.0 %): key s shows it" in text(page, "#facts")
        assert (page.run(shapes), page.run(is_hidden)) == (0, False)
        page.press("s")
        assert page.run(shapes) == 1
        page.press("Escape")
        open_card(page, "other.png")
        assert (page.run(shapes), page.run(is_hidden)) == (0, True)

    def test_mode_is_that_of_the_image(self, page: Chromium) -> None:
        open_card(page, "large.dcm")
        page.press("m")
        assert page.run("document.querySelector('#stage .picture').dataset.mode") == "mask"
        page.press("Escape")
        assert (mode_of(page, "large.dcm"), mode_of(page, "small.dcm")) == ("mask", "contour")


class TestCine:
    def test_is_one_card_that_begins_with_the_largest_lesion(self, page: Chromium) -> None:
        assert names(page).count("sweep.dcm") == 1
        strip = f"{card('sweep.dcm')}.querySelector('input')"
        areas = page.run(f"Number({strip}.value)")
        assert 2 <= areas <= 5
        assert (
            page.run(f"{card('sweep.dcm')}.querySelector('.frame').innerText")
            == f"frame {areas + 1} of 8"
        )

    def test_slider_and_wheel_change_the_frame(self, page: Chromium) -> None:
        page.run(
            f"(() => {{ const input = {card('sweep.dcm')}.querySelector('input'); input.value = 1;"
            "input.dispatchEvent(new Event('input')); })()"
        )
        source = f"{card('sweep.dcm')}.querySelector('img').getAttribute('src')"
        assert page.run(source) == "report/cine/sweep.dcm/0002.jpg"
        page.run(
            f"{card('sweep.dcm')}.querySelector('.strip')"
            ".dispatchEvent(new WheelEvent('wheel', {deltaY: 100, cancelable: true}))"
        )
        assert page.run(source) == "report/cine/sweep.dcm/0003.jpg"

    def test_first_frame_has_no_lesion(self, page: Chromium) -> None:
        open_card(page, "sweep.dcm")
        for _ in range(8):
            page.press("ArrowUp")
        assert "frame 1 of 8" in text(page, "#viewer-place")
        assert "No lesion" in text(page, "#facts")
        page.press("ArrowDown")
        assert "frame 2 of 8" in text(page, "#viewer-place")

    def test_curve_is_highest_at_the_largest_lesion(self, page: Chromium) -> None:
        path = page.run(f"{card('sweep.dcm')}.querySelector('.curve .area').getAttribute('d')")
        heights = [float(part.split()[1]) for part in path.removesuffix("Z").split("L")[1:-1]]
        assert len(heights) == 8
        best = page.run(f"Number({card('sweep.dcm')}.querySelector('input').value)")
        assert int(np.argmin(heights)) == best


class TestLooks:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_has_contrast(self, page: Chromium, scheme: str) -> None:
        page.resize(1440, 1000, scheme=scheme)
        page.settle()
        ratios = page.measure_contrasts()
        assert len(ratios) > 30
        assert {name: ratio for name, ratio in ratios if ratio < 4.5} == {}

    @pytest.mark.parametrize("width", [360, 800, 1920])
    def test_nothing_runs_over_the_side(self, page: Chromium, width: int) -> None:
        page.resize(width, 900)
        page.settle()
        assert page.run("document.documentElement.scrollWidth") <= width

    def test_every_control_has_a_name(self, page: Chromium) -> None:
        nameless = page.run(
            "[...document.querySelectorAll('button, input, select')].filter((each) => !("
            "each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length))"
            ".map((each) => each.outerHTML)"
        )
        assert nameless == []

    def test_arrow_keys_go_from_card_to_card(self, page: Chromium) -> None:
        order = names(page)
        focus_card(page, order[0])
        page.press("ArrowRight")
        assert (
            page.run("document.activeElement.closest('.card').querySelector('.name').textContent")
            == order[1]
        )


class TestManyImages:
    def test_of_5000_few_are_drawn(self, page: Chromium, many_page: Path) -> None:
        assert many_page.stat().st_size < 4e6
        page.open(many_page)
        assert text(page, "#shown") == "5,000 of 5,000 files"
        assert page.run("document.querySelectorAll('.card').length") < 60
        assert page.heap_mb() < 60

    def test_5000_are_all_within_reach(self, page: Chromium, many_page: Path) -> None:
        page.open(many_page)
        seen = set(names(page))
        page.run("document.getElementById('gallery').scrollIntoView(false)")
        page.settle()
        last = names(page)
        assert "004999.dcm" in last or "004959.dcm" in last
        assert seen.isdisjoint(last)
        assert len(last) < 60
