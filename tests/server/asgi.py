"""Requests to an ASGI application in this process, without a socket."""

import asyncio
import json
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    **query: Any,
) -> Answer:
    """Send a request; the client goes when it has sent all, and `b"" ` ends what it sends."""
    return asyncio.run(ask_async(app, method, path, body, headers, **query))


async def ask_async(
    app: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    gone: asyncio.Event | None = None,
    **query: Any,
) -> Answer:
    """Send a request; the client breaks the connection off when `gone` is set."""
    parts = [body] if isinstance(body, bytes) else list(body)
    sent: list[dict[str, Any]] = []
    pairs = {"host": "127.0.0.1:8000", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": urllib.parse.quote(path).encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": urllib.parse.urlencode(query).encode(),
        "headers": [(name.lower().encode(), text.encode()) for name, text in pairs.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if not sent:
        return Answer(0, {}, b"")
    named = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(bytes(message.get("body", b"")) for message in sent[1:])
    return Answer(sent[0]["status"], named, content)


def make_multipart(
    parts: Iterable[bytes], *, kind: str = "form-data"
) -> tuple[bytes, dict[str, str]]:
    """Make a body of files and its headers."""
    lines = b""
    for number, part in enumerate(parts):
        head = f'Content-Disposition: form-data; name="file"; filename="../{number}"'
        if kind == "related":
            head = "Content-Type: application/dicom"
        lines += b"--limit\r\n" + head.encode() + b"\r\n\r\n" + part + b"\r\n"
    return lines + b"--limit--\r\n", {"content-type": f'multipart/{kind}; boundary="limit"'}
