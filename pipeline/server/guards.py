"""What a request must not be, checked before anything looks at it."""

import ipaddress
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from pipeline.server.bounded import LONGEST_DRAIN_S, Bounded, TooMuchError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Refusal = tuple[int, str]
"""Status of HTTP, and why."""
FindLimit = Callable[[str, str], int]
"""Returns how many bytes the body of a request may have, by its method and path."""
Judge = Callable[[str, str, Mapping[str, str]], Refusal | None]
"""Refuses a request by its method, path and headers."""
Headers = list[tuple[bytes, bytes]]

_MOST_DRAINED_BYTES = 64 << 20
"""Bytes of a refused body that are read and thrown away."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Guards:
    """Refuse requests that other web pages send, or that are too large or slow.

    A server without login trusts whoever can reach it. On this machine that is every web page in
    the user's browser, unless it asks: so the *Host* must be ours (a page whose name was made to
    point here has its own), an *Origin*, which browsers send along, must be the same as the host,
    and *Sec-Fetch-Site*, where a browser sends it, must not name another site; but for links,
    which show a page of ours to the user and to nobody else.

    Args:
        app: the server that is guarded.
        hosts: names under which the server is reached, in small letters.
        find_limit: of the body.
        any_address: take any address as a host too; only names can be made to point elsewhere.
        judge: refuses requests for the server's own reasons.
        add_headers: gives further headers of the answer by the path.
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: tuple[str, ...],
        find_limit: FindLimit,
        any_address: bool = False,
        judge: Judge = lambda method, path, headers: None,
        add_headers: Callable[[str], Headers] = lambda path: [],
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.any_address = any_address
        self._find_limit = find_limit
        self._judge_further = judge
        self._add_headers = add_headers

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
        limit = self._find_limit(method, path)
        refusal = self._judge(method, path, headers) or _judge_length(headers, limit)
        if refusal is not None:
            await _drain(receive)
            await _refuse(send, *refusal)
            return
        bounded = Bounded(receive, _with_headers(send, self._add_headers(path)), limit)
        try:
            await self.app(scope, bounded.receive, bounded.send)
        except Exception:  # whatever the server makes of the end of the body
            if bounded.refusal is None:
                raise
        if bounded.refusal is not None and not bounded.started:
            if bounded.more:
                await _drain(receive)
            await _refuse(send, *bounded.refusal)

    def _judge(self, method: str, path: str, headers: dict[str, str]) -> Refusal | None:
        host = headers.get("host", "")
        name = _strip_port(host)
        if name not in self.hosts and not (self.any_address and _is_address(name)):
            return 403, "expected a request to this server's own name, got another Host"
        if _is_of_another_site(method, headers, host):
            return 403, "expected a request of this server's own pages, got one of another site"
        return self._judge_further(method, path, headers)


def _is_of_another_site(method: str, headers: dict[str, str], host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return True
    if headers.get("sec-fetch-site") not in ("cross-site", "same-site"):
        return False
    is_link = headers.get("sec-fetch-mode") == "navigate"
    is_window = headers.get("sec-fetch-dest") == "document"
    return not (method in _SAFE_METHODS and is_link and is_window)


def _judge_length(headers: dict[str, str], limit: int) -> Refusal | None:
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


def _with_headers(send: Send, further: Headers) -> Send:
    headers = [*_HEADERS, *further]

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *headers]
        await send(message)

    return send_with_headers


async def _drain(receive: Receive) -> None:
    """Read on: a client still uploading would see a reset instead of the error."""
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
    send = _with_headers(send, [])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
