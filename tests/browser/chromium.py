"""A headless Chromium, told what to do through a pipe: no socket and no package is needed."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), "")

needs_chromium = pytest.mark.skipif(not PROGRAM, reason="needs the program chromium")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    # One process shows page after page: else each start of a page costs a second of a core.
    "--no-zygote",
    "--process-per-site",
    "--disable-site-isolation-trials",
    "--disable-back-forward-cache",
    "--disable-features=SpareRendererForSitePerProcess,ProactivelySwapBrowsingInstance",
)

TIMEOUT_S = 30.0


class Chromium:
    """One browser with one page.

    Args:
        profile: folder of the browser.
        flags: further ones.

    Attributes:
        patience_s: seconds to wait for an answer, or for a condition.
        requests: addresses that the page has asked for.
        complaints: messages of the console that are warnings or errors, and uncaught exceptions.
    """

    patience_s = TIMEOUT_S

    def __init__(self, profile: Path, *flags: str) -> None:
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        # The program reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "sh", PROGRAM, *FLAGS, *flags, f"--user-data-dir={profile}"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.send(f"{domain}.enable")

    def close(self) -> None:
        self._session = None
        self.send("Browser.close")
        self._process.wait(self.patience_s)
        os.close(self._read)
        os.close(self._write)

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self._write, rest) :]
        number = self._number
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def open(self, path: Path) -> None:
        """Open a page and wait until it says that it is ready."""
        self.requests.clear()
        self.complaints.clear()
        self.send("Page.navigate", url=path.as_uri())
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def run(self, script: str) -> Any:
        """Return the value of an expression; a promise is waited for."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        deadline = time.monotonic() + self.patience_s
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < deadline, f"waited in vain for {condition}"
            time.sleep(0.02)

    def press(self, key: str) -> None:
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
        code = {"Enter": 13, "Escape": 27, **codes}.get(key, ord(key[0].upper()))
        for kind in ("keyDown", "keyUp"):
            extra = text if kind == "keyDown" else {}
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **extra
            )
        self.settle()

    def click(self, selector: str) -> None:
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.settle()

    def choose(self, selector: str, value: str) -> None:
        """Set a control as a person does, with its events."""
        self.run(
            f"(() => {{ const input = document.querySelector({json.dumps(selector)});"
            f"input.value = {json.dumps(value)};"
            "for (const name of ['input', 'change'])"
            "input.dispatchEvent(new Event(name, {bubbles: true})); })()"
        )
        self.settle()

    def settle(self) -> None:
        """Wait until what was asked for is drawn."""
        self.run("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")

    def resize(self, width: int, height: int, *, scheme: str = "light") -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", features=features)

    def shoot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def measure_contrasts(self) -> list[tuple[str, float]]:
        """Give each text that can be seen and its contrast, as WCAG 2.2 defines it (1 to 21)."""
        return [(name, ratio) for name, ratio in self.run(_CONTRASTS)]

    def heap_mb(self) -> float:
        """Return what the page holds, without what those before it have left."""
        self.send("HeapProfiler.collectGarbage")
        metrics = self.send("Performance.getMetrics")["metrics"]
        values = {metric["name"]: metric["value"] for metric in metrics}
        return float(values["JSHeapUsedSize"]) / 2**20

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], self.patience_s)
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded" if params["entry"]["level"] in ("warning", "error"):
                self.complaints.append(json.dumps(params["entry"]))
            case "Runtime.consoleAPICalled" if params["type"] in ("warning", "error"):
                self.complaints.append(json.dumps(params["args"]))


_CONTRASTS = """
(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour[3] === undefined || colour[3] > 0.6) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter((each) => each.checkVisibility({ opacityProperty: true }) && !each.closest(':disabled')
      && [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((each) => {
      const pair = [light(parse(getComputedStyle(each).color)), light(ground(each))];
      const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return [`${each.className} ${each.textContent.slice(0, 20)}`, ratio];
    });
})()
"""
