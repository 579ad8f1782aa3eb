"""What a request must not be, checked before anything looks at it."""

import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pipeline.label.app.bounded import LONGEST_DRAIN_S, Bounded, TooMuchError
from pipeline.label.mask_file import LARGEST_MASK_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_UPLOAD_BYTES = 512 << 20
"""Bytes of a request's body: an uploaded cine, or weights."""
LARGEST_JSON_BYTES = 1 << 20
"""Bytes of a body that is neither a file nor a mask."""

_MOST_DRAINED_BYTES = 64 << 20
"""Bytes of a refused body that are read and thrown away."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_MASKS = ("/annotate/api/label", "/datastore/label")
_IMAGES = ("/datastore", "/datastore/", "/datastore/image")
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Guards:
    """Refuse requests that other web pages send, that are too large or slow, or replace weights.

    A server without login trusts whoever can reach it. On this machine that is every web page in
    the user's browser, unless it asks: so the *Host* must be ours (a page whose name was made to
    point here has its own), an *Origin*, which browsers send along, must be the same as the host,
    and *Sec-Fetch-Site*, where a browser sends it, must not tell of another site; but for links,
    which show a page of ours to the user and to nobody else.

    Args:
        app: the server behind.
        hosts: names under which the server is reached, in small letters.
        any_address: take any address as a host too; only names can be made to point elsewhere.
        allow_weights: let clients replace and delete weights (``PUT`` and ``DELETE /model/``).
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: tuple[str, ...],
        any_address: bool = False,
        allow_weights: bool = False,
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.any_address = any_address
        self.allow_weights = allow_weights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing here speaks by WebSocket
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        method, path = scope["method"], scope["path"]
        limit = find_limit(method, path)
        refusal = self._judge(method, path, headers) or _judge_length(headers, limit)
        if refusal is not None:
            await _drain(receive)
            await _refuse(send, *refusal)
            return
        bounded = Bounded(receive, _with_headers(send, path), limit)
        try:
            await self.app(scope, bounded.receive, bounded.send)
        except Exception:  # whatever the server makes of the end of the body
            if bounded.refusal is None:
                raise
        if bounded.refusal is not None and not bounded.started:
            if bounded.more:
                await _drain(receive)
            await _refuse(send, *bounded.refusal)

    def _judge(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = _strip_port(host)
        if name not in self.hosts and not (self.any_address and _is_address(name)):
            return 403, "expected a request to this server's own name, got another Host"
        if _is_of_another_site(method, headers, host):
            return 403, "expected a request of this server's own pages, got one of another site"
        if path.startswith("/model/") and method not in _SAFE_METHODS and not self.allow_weights:
            return 403, "weights cannot be replaced here: start the server with --allow-weights"
        return None


def find_limit(method: str, path: str) -> int:
    """Tell how many bytes the body of a request may have.

    Args:
        method: of HTTP.
        path: of the request.
    """
    if method == "PUT" and path in _MASKS:
        return LARGEST_MASK_BYTES + LARGEST_JSON_BYTES
    is_upload = (method == "PUT" and (path in _IMAGES or path.startswith("/model/"))) or (
        method == "POST" and path.startswith("/infer/")
    )
    return LARGEST_UPLOAD_BYTES if is_upload else LARGEST_JSON_BYTES


def _is_of_another_site(method: str, headers: dict[str, str], host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return True
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    is_link = headers.get("sec-fetch-mode") == "navigate"
    is_window = headers.get("sec-fetch-dest") == "document"
    return not (method in _SAFE_METHODS and is_link and is_window)


def _judge_length(headers: dict[str, str], limit: int) -> tuple[int, str] | None:
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        return 400, "expected a number as Content-Length"
    if int(length) > limit:
        return 413, f"expected a request of at most {limit} bytes, got {length}"
    return None


def _strip_port(host: str) -> str:
    name = host.lower()
    return (
        name[: name.index("]") + 1]
        if name.startswith("[") and "]" in name
        else name.partition(":")[0]
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _with_headers(send: Send, path: str) -> Send:
    headers = list(_HEADERS)
    if path.startswith("/annotate"):
        headers += [
            (b"content-security-policy", _POLICY.encode()),
            (b"cache-control", b"no-store"),
        ]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with_headers


async def _drain(receive: Receive) -> None:
    """Read on: who is still sending would get a broken connection instead of the reason."""
    bounded = Bounded(receive, _send_nothing, _MOST_DRAINED_BYTES, seconds=LONGEST_DRAIN_S)
    try:
        while bool((await bounded.receive()).get("more_body", False)):
            pass
    except TooMuchError:
        pass  # the connection is closed by the answer


async def _send_nothing(_: Message) -> None:
    return


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    send = _with_headers(send, "")
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
