"""What the page shows when it opens, and what it refuses."""

import json

import numpy as np
import pytest
from browser.chromium import needs_chromium
from orientation_phantom import make_orientation_phantom

from label.page.annotator import Annotator
from label.page.fake_server import HOSTILE, HOSTILE_ID, FakeServer
from pipeline import RESEARCH_ONLY

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only

ASYMMETRIC = "asymmetric.png"
YELLOW = np.array([255, 210, 0])


class TestLoading:
    def test_no_complaint_and_nothing_but_its_own_server(
        self, page: Annotator, server: FakeServer
    ) -> None:
        assert page.complaints == []
        assert [each for each in page.requests if not each.startswith((server.url, "data:"))] == []

    def test_says_research_only(self, page: Annotator) -> None:
        assert RESEARCH_ONLY in page.text("help") + page.run("document.body.innerText")
        assert RESEARCH_ONLY in page.run("document.querySelector('.top .notice').innerText")

    def test_first_image_without_label_opens(self, browser: Annotator, server: FakeServer) -> None:
        server.set_label(ASYMMETRIC, server.predictions[ASYMMETRIC][0])
        browser.visit(server.url)
        assert browser.text("name") == "clinic/benign.png"
        browser.leave()

    def test_list_has_names_states_and_frames(self, page: Annotator) -> None:
        assert set(page.rows().values()) == {"open"}
        assert list(page.rows()) == [ASYMMETRIC, "benign.png", "normal.png", "sweep.dcm", HOSTILE]
        assert "4 frames" in page.text("images")
        assert page.text("progress") == "0 of 5 labeled"

    def test_facts_of_the_prediction(self, page: Annotator) -> None:
        assert "200 \u00d7 120 px" in page.text("facts")
        assert "97 %" in page.text("facts")
        assert "uncertainty 0.12" in page.text("facts")
        assert "touches the border" in page.text("facts")
        assert page.text("state") == "prediction, not saved"

    def test_says_why_an_image_is_black(self, browser: Annotator, server: FakeServer) -> None:
        server.blanked.add(ASYMMETRIC)
        browser.visit(server.url)
        assert "burned-in name" in browser.text("blanked")
        browser.leave()

    def test_hostile_name_and_id(self, page: Annotator, server: FakeServer) -> None:
        page.run("document.querySelector('#images li:last-child').click()")
        page.rest()
        assert page.text("name") == HOSTILE
        page.go("s")
        assert list(server.labels) == [(HOSTILE_ID, 0)]
        assert page.run("document.title") == "Annotate breast ultrasound"

    def test_policy_refuses_an_injected_handler(self, page: Annotator) -> None:
        page.run("document.body.insertAdjacentHTML('beforeend', '<b id=x onclick=window.hit=1>')")
        page.click("#x")
        assert page.run("window.hit") is None

    def test_policy_refuses_whatever_goes_out(self, page: Annotator) -> None:
        script = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
        assert page.run(script) == "refused"
        assert any("Content Security Policy" in each for each in page.complaints)


class TestPicture:
    def test_is_the_image_pixel_by_pixel(self, page: Annotator) -> None:
        image, label = make_orientation_phantom(120, 200)
        page.key("h", up=False)
        seen = page.see_image(image.shape)
        page.key("h", down=False)
        np.testing.assert_array_equal(seen, np.repeat(image[..., None], 3, axis=2))
        assert label.any()

    def test_prediction_lies_where_the_lesion_is(self, page: Annotator) -> None:
        image, label = make_orientation_phantom(120, 200)
        page.set("#outline", 0)
        page.set("#fill", 100)
        seen = page.see_image(image.shape)
        np.testing.assert_array_equal((seen == YELLOW).all(axis=2), label)
        np.testing.assert_array_equal(seen[~label], np.repeat(image[~label][:, None], 3, axis=1))

    def test_outline_is_on_the_edge_and_nowhere_else(self, page: Annotator) -> None:
        image, label = make_orientation_phantom(120, 200)
        page.set("#fill", 0)
        seen = page.see_image(image.shape)
        rows, columns = np.nonzero(label)
        inner = np.zeros_like(label)
        inner[rows.min() + 1 : rows.max(), columns.min() + 1 : columns.max()] = True
        outer = np.zeros_like(label)
        outer[rows.min() - 1 : rows.max() + 2, columns.min() - 1 : columns.max() + 2] = True
        changed = (seen != image[..., None]).any(axis=2)
        np.testing.assert_array_equal(changed, outer & ~inner)

    def test_opacity_of_the_outline(self, page: Annotator) -> None:
        image, _ = make_orientation_phantom(120, 200)
        page.set("#fill", 0)
        page.set("#outline", 0)
        seen = page.see_image(image.shape)
        np.testing.assert_array_equal(seen, np.repeat(image[..., None], 3, axis=2))

    def test_brightness_changes_what_is_seen_and_not_the_mask(
        self, page: Annotator, server: FakeServer
    ) -> None:
        image, label = make_orientation_phantom(120, 200)
        page.key("h", up=False)
        page.set("#brightness", 200)
        seen = page.see_image(image.shape)
        page.key("h", down=False)
        expected = np.minimum(image.astype(int) * 2, 255)
        assert np.abs(seen[..., 0].astype(int) - expected).max() <= 1
        page.go("s")
        np.testing.assert_array_equal(server.label(ASYMMETRIC), label * 255)

    @pytest.mark.parametrize("amount", [-240, 120])
    def test_wheel_zooms_at_the_pointer(self, page: Annotator, amount: int) -> None:
        before, scale = page.place((150, 30)), page.view()[0]
        page.wheel((150, 30), amount)
        assert page.view()[0] == pytest.approx(scale * 1.0015**-amount)
        assert page.place((150, 30)) == pytest.approx(before, abs=0.01)

    def test_middle_button_moves_the_image(self, page: Annotator, server: FakeServer) -> None:
        before = page.place((0, 0))
        scale = page.view()[0]
        page.drag((100, 60), (110, 65), button="middle")
        moved = np.subtract(page.place((0, 0)), before)
        np.testing.assert_allclose(moved, [10 * scale, 5 * scale], atol=1.5)
        assert page.text("state") == "prediction, not saved"

    def test_space_and_drag_moves_the_image(self, page: Annotator) -> None:
        before = page.place((0, 0))
        page.key(" ", up=False)
        page.drag((100, 60), (90, 60))
        page.key(" ", down=False)
        assert page.place((0, 0))[0] < before[0]
        assert page.text("state") == "prediction, not saved"
        page.drag((100, 60), (90, 60))
        assert page.text("state") == "changed, not saved"

    def test_fit_and_true_size(self, page: Annotator) -> None:
        page.key("1")
        assert page.view()[0] == 1
        page.key("+")
        assert page.view()[0] == 1.25
        page.key("0")
        width, height = page.run(
            "(({ clientWidth, clientHeight }) => [clientWidth, clientHeight])"
            "(document.getElementById('stage'))"
        )
        assert page.view()[0] == pytest.approx(min(width / 200, height / 120))


class TestList:
    def test_search(self, page: Annotator) -> None:
        page.key("/")
        assert page.run("document.activeElement.id") == "search"
        page.choose("#search", "CLINIC ben")
        assert list(page.rows()) == ["benign.png"]
        assert page.text("shown") == "1 of 5 images"

    def test_letters_in_the_search_are_no_keys(self, page: Annotator, server: FakeServer) -> None:
        page.key("/")
        page.key("s")
        assert server.labels == {}

    def test_filter_keeps_the_open_image(self, page: Annotator) -> None:
        page.go("s")
        page.go("ArrowRight")
        page.choose("#filter", "labeled")
        assert page.rows() == {ASYMMETRIC: "saved", "benign.png": "open"}
        page.choose("#filter", "open")
        assert ASYMMETRIC not in page.rows()

    def test_labels_of_before_are_labeled(self, browser: Annotator, server: FakeServer) -> None:
        server.set_label("normal.png", server.predictions["normal.png"][0])
        browser.visit(server.url)
        assert browser.rows()["normal.png"] == "labeled"
        assert browser.text("progress") == "1 of 5 labeled"
        browser.leave()

    def test_arrows_go_through_the_list(self, page: Annotator) -> None:
        seen = [page.text("name")]
        for _ in range(4):
            page.go("ArrowRight")
            seen.append(page.text("name"))
        assert seen == [ASYMMETRIC, "clinic/benign.png", "normal.png", "sweep.dcm", HOSTILE]
        page.go("ArrowRight")
        page.go("ArrowLeft")
        assert page.text("name") == "sweep.dcm"

    def test_focus_in_the_list_moves_and_opens(self, page: Annotator) -> None:
        page.run("document.querySelector('#images [aria-selected=true]').focus()")
        page.key("ArrowDown")
        page.key("ArrowDown")
        assert page.text("name") == ASYMMETRIC
        page.go("Enter")
        assert page.text("name") == "normal.png"

    def test_5000_images(self, browser: Annotator, server: FakeServer) -> None:
        image, label = make_orientation_phantom(20, 30)
        for number in range(5000):
            server.add(f"{number:05d}.png", image, label)
        browser.visit(server.url)
        assert browser.text("shown") == "5005 images"
        browser.run(
            "(() => { const search = document.getElementById('search'); search.value = '0499';"
            " search.dispatchEvent(new Event('input')); })()"
        )
        assert len(browser.rows()) == 11
        browser.leave()


class TestCine:
    @pytest.fixture
    def cine(self, page: Annotator) -> Annotator:
        page.run("document.querySelector('#images li:nth-child(4)').click()")
        page.rest()
        return page

    def test_slider_only_for_cines(self, page: Annotator) -> None:
        assert page.run("document.getElementById('frames').hidden")

    def test_keys_change_the_frame(self, cine: Annotator) -> None:
        cine.go("ArrowDown")
        cine.go("ArrowDown")
        cine.go("ArrowUp")
        assert cine.text("frame-shown") == "Frame 2 of 4"

    def test_slider_shows_the_frame(self, cine: Annotator, server: FakeServer) -> None:
        cine.set("#frame", 2)
        cine.rest()
        image = server.images["sweep.dcm"][2]
        cine.key("h", up=False)
        seen = cine.see_image(image.shape)
        cine.key("h", down=False)
        np.testing.assert_array_equal(seen[..., 0], image)

    def test_frames_that_are_passed_by_are_not_predicted(
        self, cine: Annotator, server: FakeServer
    ) -> None:
        server.asked.clear()
        cine.run(
            "(() => { const slider = document.getElementById('frame'); for (const at of [1, 2, 3])"
            "{ slider.value = at; slider.dispatchEvent(new Event('input')); } })()"
        )
        cine.rest()
        predicted = [each for each in server.asked if each.startswith("POST predict?id=sweep")]
        assert predicted == ["POST predict?id=sweep.dcm&frame=3"]

    def test_zoom_stays_for_frames_and_not_for_images(self, cine: Annotator) -> None:
        fitted = cine.view()[0]
        cine.key("+")
        cine.go("ArrowDown")
        assert cine.view()[0] == pytest.approx(fitted * 1.25)
        cine.go("ArrowRight")
        cine.go("ArrowLeft")
        assert cine.view()[0] == pytest.approx(fitted)

    def test_label_is_of_its_frame(self, cine: Annotator, server: FakeServer) -> None:
        cine.set("#frame", 1)
        cine.rest()
        cine.go("s")
        assert list(server.labels) == [("sweep.dcm", 1)]
        np.testing.assert_array_equal(
            server.label("sweep.dcm", 1), server.predictions["sweep.dcm"][1] * 255
        )
        assert cine.text("frame-shown") == "Frame 2 of 4, labeled; 1 of 4 frames labeled"

    def test_opens_at_the_frame_that_is_worth_a_label(
        self, browser: Annotator, server: FakeServer
    ) -> None:
        server.key_frames["sweep.dcm"] = [1, 3]
        server.set_label("sweep.dcm", server.predictions["sweep.dcm"][1], frame=1)
        browser.visit(server.url)
        browser.click("#images li:nth-child(4)")
        browser.rest()
        assert browser.text("frame-shown") == "Frame 4 of 4; 1 of 4 frames labeled"
        browser.leave()

    def test_save_and_next_goes_through_its_key_frames(
        self, browser: Annotator, server: FakeServer
    ) -> None:
        server.key_frames["sweep.dcm"] = [1, 3]
        browser.visit(server.url)
        browser.click("#images li:nth-child(4)")
        browser.rest()
        browser.go("n")
        assert browser.text("frame-shown") == "Frame 4 of 4; 1 of 4 frames labeled"
        browser.go("n")
        assert browser.text("name") == HOSTILE
        assert list(server.labels) == [("sweep.dcm", 1), ("sweep.dcm", 3)]
        browser.leave()

    def test_comes_back_to_the_frame_that_was_drawn_on(self, cine: Annotator) -> None:
        cine.go("ArrowDown")
        cine.drag((10, 10))
        cine.go("ArrowRight")
        cine.go("ArrowLeft")
        assert cine.text("frame-shown") == "Frame 2 of 4"

    def test_drawing_stays_with_its_frame(self, cine: Annotator, server: FakeServer) -> None:
        cine.drag((10, 10))
        cine.go("ArrowDown")
        assert cine.text("state") == "prediction, not saved"
        assert cine.rows()["sweep.dcm"] == "unsaved"
        cine.go("ArrowUp")
        assert cine.text("state") == "changed, not saved"


class TestLooks:
    def test_fits_a_small_laptop(self, page: Annotator) -> None:
        assert page.run(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [1280, 720]
        for identity in ("save-next", "nothing", "undo", "reset", "help-open", "train"):
            box = page.run(
                f"document.getElementById({json.dumps(identity)}).getBoundingClientRect().toJSON()"
            )
            assert (box["right"] <= 1280, box["bottom"] <= 720) == (True, True), identity
        rows = page.run(
            "new Set([...document.querySelectorAll('.bar:first-child button')]"
            ".map((each) => each.getBoundingClientRect().top)).size"
        )
        assert rows == 1

    def test_every_control_has_a_name(self, page: Annotator) -> None:
        nameless = page.run(
            "[...document.querySelectorAll('button, input, select')].filter((each) => !("
            "each.textContent.trim() || each.getAttribute('aria-label') || each.labels?.length))"
            ".map((each) => each.outerHTML)"
        )
        # The button of the question gets its words with it.
        assert [each for each in nameless if 'id="confirm-yes"' not in each] == []

    def test_tab_reaches_every_control_that_can_be_used(self, page: Annotator) -> None:
        page.run("document.activeElement.blur()")
        reached = set()
        for _ in range(60):
            page.key("Tab")
            reached.add(page.run("document.activeElement.id || document.activeElement.tagName"))
        usable = page.run(
            "[...document.querySelectorAll('button, input, select')]"
            ".filter((each) => !each.disabled && each.checkVisibility() && each.id)"
            ".map((each) => each.id)"
        )
        assert set(usable) <= reached
        assert "stage" in reached

    def test_focus_is_seen(self, page: Annotator) -> None:
        page.run("document.getElementById('save').focus()")
        page.key("Tab")
        style = page.run("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"

    def test_text_has_contrast(self, page: Annotator) -> None:
        ratios = page.measure_contrasts()
        assert len(ratios) > 40
        assert {name: ratio for name, ratio in ratios if ratio < 4.5} == {}

    def test_help_opens_and_closes_by_keys(self, page: Annotator) -> None:
        page.key("?")
        assert page.is_open("help")
        page.key("Escape")
        assert not page.is_open("help")
