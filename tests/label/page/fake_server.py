"""A server that the page cannot tell from the real one: phantoms, whose truth is predicted."""

import io
import json
import mimetypes
import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from orientation_phantom import make_orientation_phantom
from PIL import Image

import pipeline.label
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine

PAGE = Path(pipeline.label.__file__).parent / "page"

POLICY = "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'"
"""What the real server sends with every file of the page."""

HOSTILE = "<img src=x onerror=document.title='taken'>.png"
HOSTILE_ID = "50 % #1?&frame=7"

Key = tuple[str, int]


@dataclass
class FakeServer:
    """Images, predictions and labels, and what is to go wrong.

    Attributes:
        images: uint8 (F, H, W) of each id, in the order of the list.
        names: of each id.
        predictions: bool (F, H, W) of each id.
        suppressed: bool (H, W), outlines below the operating point, of ids that have any.
        labels: PNG files as the page has sent them, of id and frame.
        failures: status and body for each `METHOD path` that is to fail.
        held: paths that are not answered before the event is set.
        asked: `METHOD path?query` of all that was asked below `api/`.
        key_frames: indices that are worth a label, of cines.
        blanked: ids of images that are black for the sake of the patient.
        strategies: ids that `next` gives, of each strategy.
        info: what `info` tells.
    """

    images: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    predictions: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    suppressed: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    labels: dict[Key, bytes] = field(default_factory=dict)
    failures: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    held: dict[str, threading.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    key_frames: dict[str, list[int]] = field(default_factory=dict)
    blanked: set[str] = field(default_factory=set)
    strategies: dict[str, str] = field(default_factory=dict)
    info: dict[str, object] = field(
        default_factory=lambda: {
            "version": "0.1.0",
            "weights": "0123456789abcdef" * 4,
            "can_restore": True,
            "training": {"status": "idle", "epoch": 0, "epochs": 0, "reason": ""},
        }
    )

    def __post_init__(self) -> None:
        http = _start_http()
        _Handler.fake = self
        self.url = f"http://127.0.0.1:{http.server_address[1]}/annotate/"

    def close(self) -> None:
        """Answer nothing any more, like a server that has ended."""
        _Handler.fake = None
        for event in self.held.values():
            event.set()

    def add(self, name: str, image: NDArray, prediction: NDArray, *, at: str = "") -> None:
        """Add an image (H, W) or a cine (F, H, W)."""
        identity = at or name
        self.names[identity] = name
        self.images[identity] = np.atleast_3d(image.T).T
        self.predictions[identity] = np.atleast_3d(prediction.T).T

    def add_study(self) -> None:
        """Add the images that the tests know by name."""
        for name, identity, image, prediction in make_study():
            self.add(name, image, prediction, at=identity)

    def label(self, identity: str, frame: int = 0) -> NDArray[np.uint8]:
        """Return a label as it was sent, uint8 (H, W); no file but 8-bit grey will do."""
        with Image.open(io.BytesIO(self.labels[identity, frame])) as image:
            assert (image.format, image.mode) == ("PNG", "L")
            return np.asarray(image)

    def set_label(self, identity: str, mask: NDArray[np.bool_], frame: int = 0) -> None:
        self.labels[identity, frame] = encode_png(mask)


@cache
def _start_http() -> ThreadingHTTPServer:
    """Listen for all tests: the browser fetches and compiles the page once for an address."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, daemon=True).start()
    return http


@cache
def make_study() -> list[tuple[str, str, NDArray, NDArray]]:
    """Make a name, an id, an image and its prediction each: four stills and a cine."""
    benign = make_phantom(1, shape=(300, 400), pathology="benign")
    normal = make_phantom(2, shape=(200, 160), pathology="normal")
    cine = make_phantom_cine(3, frames=4, shape=(120, 160))
    return [
        ("asymmetric.png", "", *make_orientation_phantom(120, 200)),
        ("clinic/benign.png", "", benign.image, benign.label),
        ("normal.png", "", normal.image, normal.label),
        ("sweep.dcm", "", cine.images, cine.labels),
        (HOSTILE, HOSTILE_ID, *make_orientation_phantom(60, 90)),
    ]


def encode_png(pixels: NDArray) -> bytes:
    """Encode grey levels, or a mask as 0 and 255."""
    values = pixels.astype(np.uint8) * 255 if pixels.dtype == np.bool_ else pixels
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeServer | None = None
    """What answers: that of the test that runs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fake = _Handler.fake
        if fake is None:
            self.close_connection = True
            return
        url = urlsplit(self.path)
        path = url.path.removeprefix("/annotate/")
        if not path.startswith("api/"):
            self._send_file(path or "index.html")
            return
        name = f"{self.command} {path.removeprefix('api/')}"
        fake.asked.append(f"{name}?{url.query}")
        if name in fake.held:
            fake.held[name].wait(20)
        if name in fake.failures:
            status, answer = fake.failures[name]
            self._send(status, answer, "application/json")
            return
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self._answer(fake, name, query, body)

    def _answer(self, fake: FakeServer, name: str, query: dict[str, str], body: bytes) -> None:
        key = query.get("id", ""), int(query.get("frame", 0))
        match name:
            case "GET images":
                self._send_json(_list_images(fake))
            case "GET info":
                labeled = len({identity for identity, _ in fake.labels})
                self._send_json(fake.info | {"labeled": labeled, "total": len(fake.images)})
            case "GET next":
                identity = fake.strategies.get(query["strategy"])
                self._send_json({"id": identity, "frame": 0} if identity else {})
            case "GET image":
                blanked = {"X-Blanked": "1"} if key[0] in fake.blanked else None
                self._send_png(fake.images[key[0]][key[1]], blanked)
            case "POST predict":
                doubt = {"X-Lesion-Probability": "0.97", "X-Boundary-Uncertainty": "0.12"}
                doubt["X-Quality"] = "touches the border"
                if key[0] in fake.suppressed:
                    doubt["X-Suppressed-Probability"] = "0.12"
                self._send_png(fake.predictions[key[0]][key[1]], doubt)
            case "POST suppressed":
                self._send_png(fake.suppressed[key[0]])
            case "GET label" if key in fake.labels:
                self._send(200, fake.labels[key], "image/png")
            case "GET label":
                self._send(404, b'{"detail": "no label"}', "application/json")
            case "PUT label":
                fake.labels[key] = body
                self._send_json({"id": key[0], "frame": key[1]})
            case "POST train":
                epochs = json.loads(body)["epochs"]
                fake.info["training"] = {"status": "running", "epoch": 0, "epochs": epochs}
                self._send_json({"status": "running"})
            case "POST weights/restore":
                fake.info["weights"] = "f" * 64
                self._send_json({"weights": "f" * 64})

    def _send_file(self, path: str) -> None:
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        file = PAGE / path
        if file.parent == PAGE and file.is_file():
            headers = {"Content-Security-Policy": POLICY, "Cache-Control": "max-age=3600"}
            self._send(200, file.read_bytes(), kind, headers)
        else:
            self._send(404, b"", kind)

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), "application/json")

    def _send_png(self, pixels: NDArray, headers: dict[str, str] | None = None) -> None:
        self._send(200, encode_png(pixels), "image/png", headers)

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _list_images(fake: FakeServer) -> list[dict[str, object]]:
    items = []
    for identity, frames in fake.images.items():
        labeled = sorted(frame for each, frame in fake.labels if each == identity)
        items.append(
            {
                "id": identity,
                "name": fake.names[identity],
                "labeled": bool(labeled),
                "labeled_frames": labeled,
                "key_frames": fake.key_frames.get(identity, [0]),
                "frames": len(frames),
                "height": frames.shape[1],
                "width": frames.shape[2],
            }
        )
    return items
