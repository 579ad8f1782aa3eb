"""Requests to the server in this process: no socket, and errors of the server are not swallowed."""

import asyncio
import json
import time
import urllib.parse
from collections.abc import Iterable
from typing import Any

from label.label_server import Answer


class AsgiClient:
    """Send requests to an ASGI application, one after the other.

    Args:
        app: the application.

    Attributes:
        errors: what the application has let out, in spite of an answer.
        loop_seconds: of computing, by which the last request has held up all others.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.errors: list[Exception] = []
        self.loop_seconds = 0.0

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Send a request; the path and the values of the query are quoted."""
        parts = [body] if isinstance(body, bytes) else list(body)
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
            "query_string": urllib.parse.urlencode(query, errors="surrogatepass").encode(),
            "headers": [(name.lower().encode(), text.encode()) for name, text in pairs.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }
        return asyncio.run(self._run(scope, parts))

    async def _run(self, scope: dict[str, Any], parts: list[bytes]) -> Answer:
        sent: list[dict[str, Any]] = []
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not parts:
                await ended.wait()
                return {"type": "http.disconnect"}
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        begin = time.thread_time()
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            self.errors.append(error)
        ended.set()
        self.loop_seconds = time.thread_time() - begin
        status, headers = sent[0]["status"], sent[0]["headers"]
        named = {name.decode().lower(): value.decode() for name, value in headers}
        content = b"".join(bytes(message.get("body", b"")) for message in sent[1:])
        return Answer(status, named, content)

    def post(self, path: str, content: Any = None, **query: Any) -> Answer:
        """Send JSON."""
        body = b"" if content is None else json.dumps(content).encode()
        return self.ask("POST", path, body, {"content-type": "application/json"}, **query)
