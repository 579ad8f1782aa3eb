"""What a request must not be, checked before anything looks at it."""

import ipaddress
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_REQUEST_BYTES = 512 << 20
"""Bytes of a request's body: an uploaded cine, or weights."""
LARGEST_JSON_BYTES = 1 << 20
"""Bytes of a body that is neither a file nor a mask."""

_MOST_DRAINED_BYTES = 64 << 20
"""Bytes of a refused body that are read and thrown away."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_UPLOADS = ("multipart/form-data", "image/png", "application/octet-stream", "application/dicom")
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


class Guards:
    """Refuse requests that other web pages send, that are too large, or that replace weights.

    A server without login trusts whoever can reach it. On this machine that is every web page in
    the user's browser, unless it asks: so the *Host* must be ours (a page whose name was made to
    point here has its own), and an *Origin*, which browsers send along, must be the same as the
    host.

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
        refusal = self._judge(scope["method"], scope["path"], headers)
        if refusal is not None:
            await _drain(receive)
            await _refuse(send, *refusal)
            return
        limit = _limit(headers.get("content-type", ""))
        bounded = _Bounded(receive, _with_policy(send, scope["path"]), limit)
        try:
            await self.app(scope, bounded.receive, bounded.send)
        except Exception:  # whatever the server makes of the end of the body
            if not bounded.exceeded:
                raise
        if bounded.exceeded and not bounded.started:
            if bounded.more:
                await _drain(receive)
            await _refuse(send, 413, f"expected a request of at most {limit} bytes")

    def _judge(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = _strip_port(host)
        if name not in self.hosts and not (self.any_address and _is_address(name)):
            return 403, "expected a request to this server's own name, got another Host"
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "expected a request of this server's own pages, got one of another site"
        if headers.get("sec-fetch-site") == "cross-site" and method not in _SAFE_METHODS:
            return 403, "expected a request of this server's own pages, got one of another site"
        if path.startswith("/model/") and method not in _SAFE_METHODS and not self.allow_weights:
            return 403, "weights cannot be replaced here: start the server with --allow-weights"
        length = headers.get("content-length", "0")
        if not length.isdigit():
            return 400, "expected a number as Content-Length"
        limit = _limit(headers.get("content-type", ""))
        if int(length) > limit:
            return 413, f"expected a request of at most {limit} bytes, got {length}"
        return None


class _TooLargeError(Exception):
    """A body without announced length goes on and on."""


def _limit(content_type: str) -> int:
    is_upload = content_type.partition(";")[0].strip().lower() in _UPLOADS
    return LARGEST_REQUEST_BYTES if is_upload else LARGEST_JSON_BYTES


def _strip_port(host: str) -> str:
    name = host.lower()
    return (
        name[: name.index("]") + 1]
        if name.startswith("[") and "]" in name
        else name.partition(":")[0]
    )


class _Bounded:
    """Hands on a request's body up to a limit; beyond it, whatever is answered is held back."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.exceeded = False
        self.more = False
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.exceeded = True
            self.more = bool(message.get("more_body", False))
            raise _TooLargeError
        return message

    async def send(self, message: Message) -> None:
        if not self.exceeded or self.started:
            self.started = True
            await self._send(message)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _with_policy(send: Send, path: str) -> Send:
    headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
    if path.startswith("/annotate"):
        headers += [
            (b"content-security-policy", _POLICY.encode()),
            (b"cache-control", b"no-store"),
        ]

    async def send_with_policy(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with_policy


async def _drain(receive: Receive) -> None:
    """Read on: who is still sending would get a broken connection instead of the reason."""
    drained, more = 0, True
    while more and drained < _MOST_DRAINED_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))
        more = bool(message.get("more_body", False))


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"detail": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
