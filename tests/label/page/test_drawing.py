"""Every tool, by what is saved: each mask is compared pixel by pixel with one made by numpy."""

import struct
import zlib

import numpy as np
import pytest
from browser.chromium import needs_chromium
from numpy.typing import NDArray
from skimage.measure import points_in_poly

from label.page.annotator import Annotator, Point
from label.page.fake_server import FakeServer

pytestmark = [needs_chromium, pytest.mark.enable_socket]  # of this machine only

ASYMMETRIC = "asymmetric.png"
SHAPE = (120, 200)
DOUBLE = np.log(2) / np.log(1.0015)
"""Way of the wheel that halves what is seen; back, it doubles it."""


def draw_capsules(points: list[Point], diameter: float) -> NDArray[np.bool_]:
    """Return the pixels whose centres are within half a diameter of a line.

    Odd diameters leave no centre exactly on the edge, where rounding would decide.
    """
    rows, columns = np.indices(SHAPE) + 0.5
    mask = np.zeros(SHAPE, bool)
    for start, end in zip(points, points[1:] or points, strict=False):
        (dx, dy) = np.subtract(end, start)
        along = ((columns - start[0]) * dx + (rows - start[1]) * dy) / max(dx**2 + dy**2, 1e-9)
        along = np.clip(along, 0, 1)
        distance = np.hypot(columns - start[0] - along * dx, rows - start[1] - along * dy)
        mask |= distance <= diameter / 2
    return mask


def draw_polygon(points: list[Point]) -> NDArray[np.bool_]:
    """Return the pixels whose centres are inside."""
    rows, columns = np.indices(SHAPE) + 0.5
    return points_in_poly(np.stack([columns.ravel(), rows.ravel()], 1), points).reshape(SHAPE)


def encode_filtered(mask: NDArray[np.bool_], kind: int) -> bytes:
    """Encode a mask with the same filter in every row, as RFC 2083 describes it."""
    values = np.pad(mask.astype(int) * 255, ((1, 0), (1, 0)))
    raw, left, above, corner = values[1:, 1:], values[1:, :-1], values[:-1, 1:], values[:-1, :-1]
    ways = np.stack([left, above, corner])
    nearest = np.argmin(np.abs(left + above - corner - ways), axis=0)
    paeth = np.take_along_axis(ways, nearest[None], axis=0)[0]
    guess = [0, left, above, (left + above) // 2, paeth][kind]
    rows = np.pad((raw - guess) % 256, ((0, 0), (1, 0)), constant_values=kind).astype(np.uint8)
    size = struct.pack(">IIBBBBB", mask.shape[1], mask.shape[0], 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def save(page: Annotator, server: FakeServer) -> NDArray[np.bool_]:
    page.go("s")
    mask = server.label(ASYMMETRIC)
    assert mask.shape == SHAPE
    assert set(np.unique(mask)) <= {0, 255}
    return mask == 255


@pytest.fixture
def prediction(server: FakeServer) -> NDArray[np.bool_]:
    return server.predictions[ASYMMETRIC][0]


@pytest.fixture
def exact(page: Annotator) -> Annotator:
    """The page at 4:1 on whole pixels, so that quarters of a pixel of the image are exact."""
    page.key("1")
    for _ in range(2):
        page.wheel((100, 60), -DOUBLE)
    assert page.view()[0] == pytest.approx(4)
    page.drag((100, 60), (100, 60), button="middle")
    return page


class TestAccept:
    def test_prediction_is_saved_as_it_is(
        self, page: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        np.testing.assert_array_equal(save(page, server), prediction)
        assert page.text("state") == "saved"
        assert page.rows()[ASYMMETRIC] == "saved"
        assert "Saved: asymmetric.png, 1,200 px of lesion." in page.text("hint")

    def test_label_of_before_is_shown_and_not_the_prediction(
        self, browser: Annotator, server: FakeServer
    ) -> None:
        label = draw_polygon([(150, 10), (190, 20), (170, 50)])
        server.set_label(ASYMMETRIC, label)
        browser.visit(server.url)
        browser.go("ArrowLeft")
        assert browser.text("state") == "saved"
        browser.set("#fill", 100)
        browser.set("#outline", 0)
        seen = browser.see_image(SHAPE)
        np.testing.assert_array_equal((seen == [79, 216, 255]).all(axis=2), label)
        browser.leave()

    @pytest.mark.parametrize("kind", range(5), ids=["none", "sub", "up", "average", "paeth"])
    def test_every_filter_of_png_is_read(
        self, browser: Annotator, server: FakeServer, kind: int
    ) -> None:
        mask = np.random.default_rng(kind).random(SHAPE) < 0.5
        server.failures["POST predict"] = (200, encode_filtered(mask, kind))
        browser.visit(server.url)
        np.testing.assert_array_equal(save(browser, server), mask)
        browser.leave()


class TestBrush:
    def test_dot(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        exact.set("#size", 9)
        exact.drag((150.5, 80.5))
        expected = prediction | draw_capsules([(150.5, 80.5)], 9)
        np.testing.assert_array_equal(save(exact, server), expected)

    def test_stroke(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        path = [(100.5, 60.5), (140.5, 90.5), (180.5, 70.5)]
        exact.set("#size", 13)
        exact.drag(*path)
        np.testing.assert_array_equal(save(exact, server), prediction | draw_capsules(path, 13))

    def test_smallest_one_paints_the_pixel_it_is_in(
        self, exact: Annotator, server: FakeServer
    ) -> None:
        exact.key("c")
        exact.set("#size", 1)
        exact.wheel((100, 60), -DOUBLE)
        exact.drag((100.125, 60.125))  # further from every centre than the radius
        np.testing.assert_array_equal(np.argwhere(save(exact, server)), [[60, 100]])

    def test_smallest_one_leaves_no_gap(self, exact: Annotator, server: FakeServer) -> None:
        exact.key("c")
        exact.set("#size", 1)
        exact.drag((100.25, 60.25), (150.75, 81.5))
        mask = save(exact, server)
        assert mask[:, 100:151].any(axis=0).all()
        assert mask.sum() < 3 * 51

    def test_beyond_the_edge(self, exact: Annotator, server: FakeServer) -> None:
        exact.key("c")
        exact.set("#size", 21)
        exact.drag((198.5, 60.5), (210.5, 60.5))
        np.testing.assert_array_equal(
            save(exact, server), draw_capsules([(198.5, 60.5), (210.5, 60.5)], 21)
        )

    def test_size_by_keys(self, page: Annotator) -> None:
        for key in "]]]]":
            page.key(key)
        assert page.text("size-shown") == "29 px"
        page.key("[")
        assert page.text("size-shown") == "26 px"

    def test_zoomed_in_and_moved(
        self, exact: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        exact.drag((100, 60), (80, 50), button="middle")
        exact.set("#size", 7)
        exact.drag((120.5, 70.5))
        expected = prediction | draw_capsules([(120.5, 70.5)], 7)
        np.testing.assert_array_equal(save(exact, server), expected)

    def test_by_finger(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        exact.set("#size", 9)
        x, y = exact.place((150.5, 80.5))
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            exact.send("Input.dispatchTouchEvent", type=kind, touchPoints=points)
        expected = prediction | draw_capsules([(150.5, 80.5)], 9)
        np.testing.assert_array_equal(save(exact, server), expected)

    def test_two_fingers_move_and_do_not_draw(self, exact: Annotator) -> None:
        scale = exact.view()[0]
        (x1, y1), (x2, y2) = exact.place((80, 60)), exact.place((120, 60))
        for kind, points in (
            ("touchStart", [(x1, y1, 0)]),
            ("touchStart", [(x1, y1, 0), (x2, y2, 1)]),
            ("touchMove", [(x1 - 40, y1, 0), (x2 + 40, y2, 1)]),
            ("touchEnd", []),
        ):
            touches = [{"x": x, "y": y, "id": number} for x, y, number in points]
            exact.send("Input.dispatchTouchEvent", type=kind, touchPoints=touches)
        exact.settle()
        assert exact.view()[0] == pytest.approx(scale * 1.5, rel=0.02)
        assert exact.text("state") == "prediction, not saved"


class TestEraser:
    def test_stroke(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        path = [(55.5, 25.5), (80.5, 30.5)]
        exact.key("e")
        exact.set("#size", 9)
        exact.drag(*path)
        np.testing.assert_array_equal(save(exact, server), prediction & ~draw_capsules(path, 9))

    def test_right_button(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        exact.set("#size", 9)
        exact.drag((60.5, 30.5), button="right")
        expected = prediction & ~draw_capsules([(60.5, 30.5)], 9)
        np.testing.assert_array_equal(save(exact, server), expected)


class TestPolygon:
    POINTS = ((110, 20), (180, 35), (150, 100), (120.5, 60))

    def test_enter_closes(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        exact.key("p")
        exact.tap(*self.POINTS)
        exact.key("Enter")
        expected = prediction | draw_polygon(list(self.POINTS))
        assert (expected != prediction).sum() > 1000
        np.testing.assert_array_equal(save(exact, server), expected)

    def test_first_point_again_closes(
        self, exact: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        exact.key("p")
        exact.tap(*self.POINTS, self.POINTS[0])
        np.testing.assert_array_equal(
            save(exact, server), prediction | draw_polygon(list(self.POINTS))
        )

    def test_shift_and_enter_cuts_out(
        self, exact: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        points = [(55, 22), (90, 30), (60, 42)]
        exact.key("p")
        exact.tap(*points)
        exact.key("Enter", "shift")
        np.testing.assert_array_equal(save(exact, server), prediction & ~draw_polygon(points))

    def test_escape_cancels(self, page: Annotator, server: FakeServer, prediction: NDArray) -> None:
        page.key("p")
        page.tap(*self.POINTS)
        page.key("Escape")
        page.key("Enter")
        np.testing.assert_array_equal(save(page, server), prediction)

    def test_backspace_takes_a_point_back(
        self, exact: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        exact.key("p")
        exact.tap(*self.POINTS, (10, 110))
        exact.key("Backspace")
        exact.key("Enter")
        np.testing.assert_array_equal(
            save(exact, server), prediction | draw_polygon(list(self.POINTS))
        )

    def test_two_points_are_too_few(self, page: Annotator) -> None:
        page.key("p")
        page.tap(*self.POINTS[:2])
        page.key("Enter")
        assert "three points" in page.text("hint")
        assert page.text("state") == "polygon not closed"

    def test_open_one_is_not_saved_over(self, page: Annotator, server: FakeServer) -> None:
        page.key("p")
        page.tap(*self.POINTS)
        page.go("s")
        assert server.labels == {}
        assert "not closed" in page.error()


class TestSteps:
    def test_undo_and_redo(self, exact: Annotator, server: FakeServer, prediction: NDArray) -> None:
        exact.set("#size", 9)
        exact.drag((150.5, 80.5))
        exact.drag((30.5, 90.5))
        exact.key("z", "ctrl")
        one = prediction | draw_capsules([(150.5, 80.5)], 9)
        np.testing.assert_array_equal(save(exact, server), one)
        exact.key("z", "ctrl")
        np.testing.assert_array_equal(save(exact, server), prediction)
        exact.key("y", "ctrl")
        exact.key("z", "ctrl", "shift")
        np.testing.assert_array_equal(save(exact, server), one | draw_capsules([(30.5, 90.5)], 9))

    def test_undone_is_the_prediction_again(self, page: Annotator) -> None:
        page.drag((150, 80), (160, 90))
        assert page.text("state") == "changed, not saved"
        page.click("#undo")
        assert page.text("state") == "prediction, not saved"
        assert page.rows()[ASYMMETRIC] == "open"

    def test_drawing_anew_forgets_what_was_undone(self, page: Annotator) -> None:
        page.drag((150, 80))
        page.key("z", "ctrl")
        page.drag((30, 80))
        assert page.run("document.getElementById('redo').disabled")

    def test_clear(self, page: Annotator, server: FakeServer) -> None:
        page.key("c")
        assert not save(page, server).any()

    def test_reset_to_prediction(
        self, page: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        page.drag((150, 80), (20, 20))
        page.go("s")
        page.key("r")
        assert page.text("state") == "changed since it was saved"
        np.testing.assert_array_equal(save(page, server), prediction)

    def test_keys_in_the_midst_of_a_stroke_wait(self, page: Annotator, server: FakeServer) -> None:
        x, y = page.place((150, 80))
        facts = {"button": "left", "x": x, "y": y, "clickCount": 1}
        page.send("Input.dispatchMouseEvent", type="mousePressed", buttons=1, **facts)
        for key in "srxc":
            page.key(key)
        page.key("z", "ctrl")
        assert server.labels == {}
        page.send("Input.dispatchMouseEvent", type="mouseReleased", buttons=0, **facts)
        page.settle()
        assert save(page, server)[80, 150]
        assert page.complaints == []

    def test_leaving_in_the_midst_of_a_stroke_keeps_it(self, page: Annotator) -> None:
        x, y = page.place((150, 80))
        facts = {"button": "left", "x": x, "y": y, "clickCount": 1}
        page.send("Input.dispatchMouseEvent", type="mousePressed", buttons=1, **facts)
        page.go("ArrowRight")
        page.send("Input.dispatchMouseEvent", type="mouseReleased", buttons=0, **facts)
        page.settle()
        assert page.rows()[ASYMMETRIC] == "unsaved"
        assert page.rows()["benign.png"] == "open"
        assert page.complaints == []

    def test_escape_in_the_midst_of_a_stroke(self, page: Annotator) -> None:
        x, y = page.place((150, 80))
        facts = {"button": "left", "x": x, "y": y, "clickCount": 1}
        page.send("Input.dispatchMouseEvent", type="mousePressed", buttons=1, **facts)
        page.key("Escape")
        page.send("Input.dispatchMouseEvent", type="mouseReleased", buttons=0, **facts)
        page.settle()
        assert page.text("state") == "prediction, not saved"


class TestKeyboardAlone:
    def test_accept_and_go_on(self, page: Annotator, server: FakeServer) -> None:
        page.go("n")
        page.go("n")
        assert list(server.labels) == [(ASYMMETRIC, 0), ("clinic/benign.png", 0)]
        assert page.text("name") == "normal.png"

    def test_paint_with_the_cross(
        self, page: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        page.set("#size", 9)
        page.run("document.activeElement.blur()")
        page.key("k")
        for _ in range(3):
            page.key("ArrowRight", "shift")
        page.key("ArrowDown")
        page.key("Enter")
        page.key("Escape")
        expected = prediction | draw_capsules([(130.5, 61.5)], 9)
        np.testing.assert_array_equal(save(page, server), expected)

    def test_cross_does_not_follow_to_the_next_image(self, page: Annotator) -> None:
        page.key("k")
        page.go("n")
        page.go("ArrowRight")
        assert page.text("name") == "normal.png"
        assert page.complaints == []

    def test_polygon_with_the_cross(
        self, page: Annotator, server: FakeServer, prediction: NDArray
    ) -> None:
        page.key("p")
        page.key("k")
        points = [(100.5, 60.5), (140.5, 60.5), (140.5, 90.5)]
        page.key("Enter")
        for _ in range(4):
            page.key("ArrowRight", "shift")
        page.key("Enter")
        for _ in range(3):
            page.key("ArrowDown", "shift")
        page.key("Enter")
        page.key("Enter", "shift")
        saved = save(page, server)
        edge = np.zeros(SHAPE, bool)  # centres that lie on an edge belong to either side
        edge[60:91, 100:141] = draw_capsules([*points, points[0]], 0.1)[60:91, 100:141]
        expected = prediction | draw_polygon(points)
        np.testing.assert_array_equal(saved & ~edge, expected & ~edge)
        assert expected.sum() > prediction.sum() + 500
