"""The browser of somebody who annotates: what hands do, in pixels of the image."""

import base64
import io
import json
import os
from typing import Any

import numpy as np
from browser.chromium import Chromium
from numpy.typing import NDArray
from PIL import Image

CODES = {
    "Enter": 13,
    "Escape": 27,
    "Backspace": 8,
    "Tab": 9,
    " ": 32,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}
MODIFIERS = {"alt": 1, "ctrl": 2, "shift": 8}
BUTTONS = {"left": 1, "right": 2, "middle": 4}

Point = tuple[float, float]


class Annotator(Chromium):
    """The browser with the page open.

    Points are x, y in pixels of the image; the centre of its first pixel is 0.5, 0.5.

    Attributes:
        dialogs: kinds of the browser's own questions so far.
        stays: whether "leave this page?" is answered by no.
    """

    dialogs: list[str]
    stays = False

    def visit(self, url: str) -> None:
        """Open the page and wait for its first image."""
        self.dialogs = []
        self.complaints.clear()
        self.requests.clear()
        self.send("Page.navigate", url=url)
        self.wait("document.documentElement?.dataset.ready === 'yes'")
        self.rest()

    def leave(self) -> None:
        """Leave for an empty page, whatever is drawn."""
        self.stays = False
        self.send("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")

    def rest(self) -> None:
        """Wait until nothing is being fetched or saved."""
        self.wait(
            "document.getElementById('busy').hidden"
            " && !document.getElementById('hint').textContent.startsWith('Saving')"
        )
        self.settle()

    def key(self, key: str, *modifiers: str, up: bool = True, down: bool = True) -> None:
        code = CODES.get(key, ord(key[0].upper()))
        bits = sum(MODIFIERS[name] for name in modifiers)
        if len(key) == 1 and key.isalpha() and "shift" in modifiers:
            key = key.upper()
        facts = {"key": key, "windowsVirtualKeyCode": code, "modifiers": bits}
        is_text = len(key) == 1 and "ctrl" not in modifiers
        text = {"text": key} if is_text else {"text": "\r"} if key == "Enter" else {}
        if down:
            self.send("Input.dispatchKeyEvent", type="keyDown", **facts, **text)
        if up:
            self.send("Input.dispatchKeyEvent", type="keyUp", **facts)
        self.settle()

    def go(self, key: str) -> None:
        """Press a key and wait for what it fetches."""
        self.key(key)
        self.rest()

    def drag(self, *points: Point, button: str = "left", modifiers: int = 0) -> None:
        """Press at the first point, move over the others, let go at the last one."""
        places = [self.place(point) for point in points]
        facts: dict[str, Any] = {"button": button, "modifiers": modifiers}
        held = BUTTONS[button]
        for kind, (x, y), buttons in (
            ("mouseMoved", places[0], 0),
            ("mousePressed", places[0], held),
            *(("mouseMoved", place, held) for place in places[1:]),
            ("mouseReleased", places[-1], 0),
        ):
            count = {"clickCount": 1} if kind != "mouseMoved" else {}
            self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, buttons=buttons, **facts, **count
            )
        self.settle()

    def tap(self, *points: Point, button: str = "left") -> None:
        for point in points:
            self.drag(point, button=button)

    def hit(self, selector: str) -> None:
        """Press and let go the left button in the middle of an element, once it is in sight."""
        x, y = self.run(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            "found.scrollIntoView({ block: 'center' });"
            "const { left, top, width, height } = found.getBoundingClientRect();"
            "return [left + width / 2, top + height / 2]; })()"
        )
        for kind, buttons in (("mousePressed", 1), ("mouseReleased", 0)):
            self.send(
                "Input.dispatchMouseEvent",
                **{"type": kind, "x": x, "y": y, "buttons": buttons},
                **{"button": "left", "clickCount": 1},
            )
        self.settle()

    def is_in_sight(self, selector: str) -> bool:
        """Return whether all of an element is inside of the window."""
        return self.run(
            "(({ left, top, right, bottom }) => left >= 0 && top >= 0"
            " && right <= innerWidth && bottom <= innerHeight)"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )

    def wheel(self, point: Point, amount: float) -> None:
        x, y = self.place(point)
        self.send("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=amount)
        self.settle()

    def place(self, point: Point) -> Point:
        """Return where a point of the image is in the window."""
        scale, left, top = self.view()
        corner = self.run(
            "(({ left, top }) => [left, top])"
            "(document.getElementById('stage').getBoundingClientRect())"
        )
        return corner[0] + left + point[0] * scale, corner[1] + top + point[1] * scale

    def view(self) -> tuple[float, float, float]:
        """Return scale, left and top of the image on the stage."""
        data = self.run("({...document.getElementById('stage').dataset})")
        return float(data["scale"]), float(data["left"]), float(data["top"])

    def see(self) -> NDArray[np.uint8]:
        """Return the window as it is seen, uint8 (H, W, 3)."""
        self.settle()
        data = base64.b64decode(self.send("Page.captureScreenshot")["data"])
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))

    def see_image(self, shape: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the image at 1:1 as it is seen, uint8 (H, W, 3)."""
        self.key("1")
        left, top = (round(value) for value in self.place((0, 0)))
        return self.see()[top : top + shape[0], left : left + shape[1]]

    def set(self, selector: str, value: float) -> None:
        self.choose(selector, str(value))

    def text(self, identity: str) -> str:
        return self.run(f"document.getElementById({json.dumps(identity)}).innerText")

    def rows(self) -> dict[str, str]:
        """Return the state of each image of the list that is shown, by file name."""
        return self.run(
            "Object.fromEntries([...document.querySelectorAll('#images li')]"
            ".filter((row) => !row.hidden)"
            ".map((row) => [row.querySelector('.file').firstChild.data, row.dataset.state]))"
        )

    def is_open(self, identity: str) -> bool:
        return self.run(f"document.getElementById({json.dumps(identity)}).open")

    def error(self) -> str:
        """Return the message that is shown, empty if there is none."""
        return self.run(
            "document.getElementById('error').hidden ? ''"
            " : document.getElementById('error-text').innerText"
        )

    def _note(self, message: dict[str, Any]) -> None:
        super()._note(message)
        if message.get("method") == "Page.javascriptDialogOpening":
            self.dialogs.append(message["params"]["type"])
            # Not waited for: whoever is waiting already must not miss its own answer.
            self._number += 1
            answer = {
                "id": self._number,
                "method": "Page.handleJavaScriptDialog",
                "params": {"accept": not self.stays},
                "sessionId": self._session,
            }
            os.write(self._write, json.dumps(answer).encode() + b"\0")
