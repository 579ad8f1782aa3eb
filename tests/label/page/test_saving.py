"""Nothing is lost, and what fails is said in words."""

import threading

import numpy as np
import pytest
from browser.chromium import needs_chromium

from label.page.annotator import Annotator
from label.page.fake_server import FakeServer, encode_png

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only

ASYMMETRIC = "asymmetric.png"


class TestGoingOn:
    def test_next_of_the_list_has_no_label(self, browser: Annotator, server: FakeServer) -> None:
        server.set_label("clinic/benign.png", server.predictions["clinic/benign.png"][0])
        browser.visit(server.url)
        browser.go("n")
        assert browser.text("name") == "normal.png"
        browser.leave()

    def test_server_chooses_the_least_certain(self, page: Annotator, server: FakeServer) -> None:
        server.strategies["uncertain"] = "sweep.dcm"
        page.choose("#strategy", "uncertain")
        page.go("n")
        assert page.text("name") == "sweep.dcm"
        assert "GET next?strategy=uncertain" in server.asked

    def test_all_labeled(self, page: Annotator, server: FakeServer) -> None:
        page.choose("#strategy", "random")
        page.go("n")
        assert "Every image has a label" in page.text("hint")
        assert list(server.labels) == [(ASYMMETRIC, 0)]

    def test_unchanged_label_is_not_sent_twice(self, page: Annotator, server: FakeServer) -> None:
        page.go("s")
        page.go("n")
        assert len([each for each in server.asked if each.startswith("PUT")]) == 1

    def test_command_s_saves(self, page: Annotator, server: FakeServer) -> None:
        page.key("s", "ctrl")
        page.rest()
        assert list(server.labels) == [(ASYMMETRIC, 0)]


class TestNoLesion:
    def test_prediction_goes_without_a_question(self, page: Annotator, server: FakeServer) -> None:
        page.go("x")
        assert not page.is_open("confirm")
        assert server.label(ASYMMETRIC).shape == (120, 200)
        assert not server.label(ASYMMETRIC).any()

    def test_drawing_is_asked_for(self, page: Annotator, server: FakeServer) -> None:
        page.drag((150, 80), (160, 90))
        page.go("x")
        assert page.is_open("confirm")
        page.key("Enter")  # the focus is on Cancel
        page.rest()
        assert server.labels == {}
        assert page.text("state") == "changed, not saved"
        page.go("x")
        page.click("#confirm-yes")
        page.rest()
        assert not server.label(ASYMMETRIC).any()

    def test_can_be_undone(self, page: Annotator, server: FakeServer) -> None:
        page.go("x")
        page.key("z", "ctrl")
        page.go("s")
        assert server.label(ASYMMETRIC).any()


class TestUnsaved:
    def test_drawing_is_there_when_one_comes_back(
        self, page: Annotator, server: FakeServer
    ) -> None:
        page.drag((150, 80), (160, 90))
        page.go("ArrowRight")
        assert "kept, and not saved" in page.text("hint")
        assert page.rows()[ASYMMETRIC] == "unsaved"
        assert page.text("progress") == "0 of 5 labeled, 1 unsaved"
        page.go("ArrowLeft")
        assert page.text("state") == "changed, not saved"
        page.go("s")
        mask = server.label(ASYMMETRIC)
        assert mask[80, 150] == 255
        assert page.text("progress") == "1 of 5 labeled"

    def test_open_polygon_is_there_when_one_comes_back(self, page: Annotator) -> None:
        page.key("p")
        page.tap((110, 20), (180, 35), (150, 100))
        page.go("ArrowRight")
        assert page.rows()[ASYMMETRIC] == "unsaved"
        page.go("ArrowLeft")
        page.key("Enter")
        assert page.text("state") == "changed, not saved"

    def test_browser_asks_before_the_page_is_left(self, page: Annotator) -> None:
        page.drag((150, 80), (160, 90))
        page.go("ArrowRight")
        page.stays = True
        page.send("Page.reload")
        page.settle()
        assert page.dialogs == ["beforeunload"]
        assert page.rows()[ASYMMETRIC] == "unsaved"

    def test_browser_does_not_ask_if_all_is_saved(self, page: Annotator) -> None:
        page.drag((150, 80), (160, 90))
        page.go("s")
        page.leave()
        assert page.dialogs == []

    def test_drawn_on_while_it_is_saved(self, page: Annotator, server: FakeServer) -> None:
        server.held["PUT label"] = threading.Event()
        page.key("s")
        page.drag((150, 80), (160, 90))
        server.held["PUT label"].set()
        page.rest()
        assert page.text("state") == "changed since it was saved"
        assert page.rows()[ASYMMETRIC] == "unsaved"

    def test_left_while_it_is_saved(self, page: Annotator, server: FakeServer) -> None:
        server.held["PUT label"] = threading.Event()
        page.drag((150, 80), (160, 90))
        page.key("s")
        page.key("ArrowRight")
        server.held["PUT label"].set()
        page.wait("document.getElementById('progress').innerText === '1 of 5 labeled'")
        assert page.rows()[ASYMMETRIC] == "saved"
        assert page.text("name") == "clinic/benign.png"


class TestFailures:
    def test_refused_label_is_shown_and_kept(self, page: Annotator, server: FakeServer) -> None:
        server.failures["PUT label"] = (503, b'{"detail": "the disk is full"}')
        page.drag((150, 80), (160, 90))
        page.go("s")
        assert "the disk is full" in page.error()
        assert "kept" in page.error()
        assert page.text("state") == "changed, not saved"
        server.failures.clear()
        page.click("#error-again")
        page.rest()
        assert server.label(ASYMMETRIC)[80, 150] == 255
        assert page.error() == ""

    def test_archive_does_not_take_it(self, page: Annotator, server: FakeServer) -> None:
        server.failures["PUT label"] = (502, b'{"detail": "the archive is full"}')
        page.go("n")
        assert "on the server, but not in the archive" in page.error()
        assert "the archive is full" in page.error()
        assert page.text("name") == ASYMMETRIC

    def test_save_and_next_stays_if_it_is_not_saved(
        self, page: Annotator, server: FakeServer
    ) -> None:
        server.failures["PUT label"] = (500, b"Internal Server Error")
        page.go("n")
        assert page.text("name") == ASYMMETRIC
        assert "500" in page.error()

    def test_list_of_reasons(self, page: Annotator, server: FakeServer) -> None:
        reasons = b'{"detail": [{"msg": "frame is no number"}, {"msg": "id is missing"}]}'
        server.failures["PUT label"] = (422, reasons)
        page.go("s")
        assert "frame is no number; id is missing" in page.error()

    def test_server_is_gone(self, page: Annotator, server: FakeServer) -> None:
        server.close()
        page.key("s")
        page.wait("!document.getElementById('error').hidden")
        assert "does not answer" in page.error()
        assert "breast-us-seg label" in page.error()

    def test_without_prediction_one_draws_by_hand(
        self, browser: Annotator, server: FakeServer
    ) -> None:
        server.failures["POST predict"] = (500, b'{"detail": "weights do not fit"}')
        browser.visit(server.url)
        assert "weights do not fit" in browser.error()
        assert browser.text("state") == "nothing drawn"
        browser.drag((150, 80), (160, 90))
        server.failures.clear()
        browser.click("#error-again")
        browser.rest()
        browser.wait("document.getElementById('facts').innerText.includes('97 %')")
        browser.go("s")
        assert server.label(ASYMMETRIC)[80, 150] == 255
        assert server.label(ASYMMETRIC)[30, 60] == 0
        browser.leave()

    def test_image_cannot_be_read(self, page: Annotator, server: FakeServer) -> None:
        server.failures["GET image"] = (400, b'{"detail": "no ultrasound image"}')
        page.run("document.querySelector('#images li:nth-child(4)').click()")
        page.rest()
        assert "sweep.dcm cannot be shown" in page.error()
        assert "no ultrasound image" in page.error()
        assert page.run("document.getElementById('save').disabled")

    def test_label_cannot_be_read(self, page: Annotator, server: FakeServer) -> None:
        page.run("document.querySelector('#images li:nth-child(3)').click()")
        page.rest()
        page.go("s")
        server.failures["GET label"] = (500, b'{"detail": "broken file"}')
        page.go("ArrowRight")
        page.go("ArrowLeft")
        assert "broken file" in page.error()
        assert page.run("document.getElementById('save').disabled")

    def test_no_list(self, browser: Annotator, server: FakeServer) -> None:
        server.failures["GET images"] = (500, b'{"detail": "the folder is gone"}')
        browser.visit(server.url)
        assert "the folder is gone" in browser.error()
        server.failures.clear()
        browser.click("#error-again")
        browser.rest()
        browser.wait("document.getElementById('name').innerText === 'asymmetric.png'")
        browser.leave()

    def test_no_images(self, browser: Annotator, server: FakeServer) -> None:
        server.images.clear()
        browser.visit(server.url)
        assert "no images" in browser.error()
        browser.leave()

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (b"no picture", "expected a mask as PNG"),
            (encode_png(np.full((120, 200), 7, np.uint8)), "expected a mask of 0 and 255, got 7"),
            (encode_png(np.zeros((200, 120), bool)), "expected a prediction of 200 x 120 pixels"),
            (encode_png(np.zeros((120, 200, 3), np.uint8)), "8 bits of grey"),
            (encode_png(np.zeros((120, 200), bool))[:60], "damaged"),
        ],
    )
    def test_prediction_is_no_mask(
        self, browser: Annotator, server: FakeServer, answer: bytes, reason: str
    ) -> None:
        server.failures["POST predict"] = (200, answer)
        browser.visit(server.url)
        assert reason in browser.error()
        browser.leave()


class TestModel:
    def test_tells_weights_and_labels(self, page: Annotator) -> None:
        page.wait("document.getElementById('model').innerText.includes('0 of 5')")
        assert "0123456789ab" in page.text("model")
        assert page.run("document.getElementById('train').disabled")

    def test_trains_on_the_labels(self, page: Annotator, server: FakeServer) -> None:
        page.go("s")
        page.wait("!document.getElementById('train').disabled")
        page.set("#epochs", 3)
        page.click("#train")
        page.wait("document.getElementById('training').innerText.includes('epoch 0 of 3')")
        assert server.info["training"]["epochs"] == 3
        assert page.run("document.getElementById('train').disabled")

    def test_failed_training_is_reported(self, page: Annotator, server: FakeServer) -> None:
        page.go("s")
        page.wait("!document.getElementById('train').disabled")
        server.failures["POST train"] = (409, b'{"detail": "a training runs already"}')
        page.click("#train")
        page.wait("!document.getElementById('error').hidden")
        assert "a training runs already" in page.error()

    def test_reason_of_a_failure(self, browser: Annotator, server: FakeServer) -> None:
        reason = {"status": "failed", "epoch": 0, "epochs": 2, "reason": "out of memory"}
        server.info |= {"training": reason, "can_restore": False}
        browser.visit(server.url)
        browser.wait("document.getElementById('training').innerText.includes('out of memory')")
        assert browser.run("document.getElementById('restore').disabled")
        browser.leave()

    def test_new_weights_predict_anew(self, page: Annotator, server: FakeServer) -> None:
        other = np.zeros((1, 120, 200), bool)
        other[:, 70:90, 150:160] = True
        server.predictions[ASYMMETRIC] = other
        page.click("#restore")
        page.click("#confirm-yes")
        page.wait("document.getElementById('facts').innerText.match(/\\s200 px/)")
        page.go("s")
        np.testing.assert_array_equal(server.label(ASYMMETRIC) == 255, other[0])

    def test_new_weights_leave_a_drawing_alone(self, page: Annotator, server: FakeServer) -> None:
        page.drag((150, 20))
        server.predictions[ASYMMETRIC] = np.zeros((1, 120, 200), bool)
        page.click("#restore")
        page.click("#confirm-yes")
        page.wait("/Predicted\\s+no lesion/.test(document.getElementById('facts').innerText)")
        page.go("s")
        assert server.label(ASYMMETRIC)[20, 150] == 255
