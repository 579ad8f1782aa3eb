"""The server as a user starts it, in a process of its own, and requests to it."""

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

needs_label = pytest.mark.skipif(
    importlib.util.find_spec("dicomweb_client") is None,
    reason="needs the extra 'label', see docs/label.md",
)
needs_monailabel = pytest.mark.skipif(
    importlib.util.find_spec("monailabel") is None,
    reason="needs the client or the viewer of MONAI Label, see Makefile",
)

_SECONDS_TO_START = 120
_SECONDS_TO_ANSWER = 60


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def mask(self) -> np.ndarray:
        """The body as a PNG, (H, W) uint8."""
        import io

        with Image.open(io.BytesIO(self.body)) as image:
            assert image.mode == "L"
            return np.asarray(image)


class LabelServer:
    """Start `breast-us-seg label` and wait until it answers.

    Args:
        studies: folder, or URL.
        labels: folder of labels.
        bundle: folder of the bundle.
        port: a free one.
        options: further ones of the command.
        environment: further variables.
    """

    def __init__(
        self,
        studies: Path | str,
        labels: Path,
        bundle: Path,
        port: int,
        *options: str,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = labels.with_name(f"{labels.name}.log")
        command = [sys.executable, "-m", "pipeline.cli.main", "label", str(studies)]
        command += ["--labels", str(labels), "--bundle-root", str(bundle), "--port", str(port)]
        self._command = [*command, *options]
        self._environment = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
        self.start()

    def start(self) -> None:
        """Start the server, also once more after its end."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._environment
            )
        end = time.monotonic() + _SECONDS_TO_START
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                pytest.fail(f"the server has not started: {self.log.read_text()}")
            time.sleep(0.2)

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Send a request; an error is an answer too."""
        url = self.url + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
        request = urllib.request.Request(url, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS_TO_ANSWER) as answer:
                named = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(answer.status, named, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, {}, error.read())

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", path, **query)

    def post(self, path: str, content: Any = None, **query: Any) -> Answer:
        body = b"" if content is None else json.dumps(content).encode()
        return self.ask("POST", path, body, {"Content-Type": "application/json"}, **query)

    def put_mask(self, mask: np.ndarray, **query: Any) -> Answer:
        """Save a label as the page does."""
        import io

        buffer = io.BytesIO()
        Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, "PNG")
        headers = {"Content-Type": "image/png"}
        return self.ask("PUT", "/annotate/api/label", buffer.getvalue(), headers, **query)

    def upload(
        self,
        method: str,
        path: str,
        files: dict[str, tuple[str, bytes]],
        params: str = "{}",
        **query: Any,
    ) -> Answer:
        """Send files as a form, with MONAI Label's field of parameters."""
        head = 'Content-Disposition: form-data; name="params"'
        lines = [b"--limit", head.encode(), b"", params.encode()]
        for name, (file, content) in files.items():
            head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
            lines += [b"--limit", head.encode(), b"", content]
        body = b"\r\n".join([*lines, b"--limit--", b""])
        headers = {"Content-Type": "multipart/form-data; boundary=limit"}
        return self.ask(method, path, body, headers, **query)

    def train(self, epochs: int) -> dict[str, Any]:
        """Train by the page's route, and wait for the end."""
        started = self.post("/annotate/api/train", {"epochs": epochs})
        assert started.status == 200, started.body
        return self.wait_for_training()

    def wait_for_training(self) -> dict[str, Any]:
        end = time.monotonic() + 300
        while time.monotonic() < end:
            info: dict[str, Any] = self.get("/annotate/api/info").json
            if info["training"]["status"] != "running":
                return info
            time.sleep(0.5)
        pytest.fail(f"the training does not end: {self.log.read_text()}")

    def _answers(self) -> bool:
        try:
            return self.get("/annotate/api/info").status == 200
        except OSError:
            return False


def find_port() -> int:
    """Find a port that nobody listens on."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
