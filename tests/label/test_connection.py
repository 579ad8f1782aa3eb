"""Clients that take their time, before a server that listens."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from label.label_server import needs_label

pytestmark = [needs_label, pytest.mark.enable_socket]

LONG = 64 << 20


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """A server that answers after the body was read, at length for ``/long``."""
    import uvicorn

    from pipeline.server import connection

    monkeypatch.setattr(connection, "HEADERS_S", 0.5)
    monkeypatch.setattr(connection, "STALLED_S", 0.5)
    monkeypatch.setattr(connection, "_PERIOD_S", 0.1)

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        body = b"x" * LONG if scope["path"] == "/long" else b"short"
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app, http=connection.Connection, ws="none", lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_half_a_request_is_dropped(address, sent):
    with socket.create_connection(address, 20) as client:
        client.sendall(sent)
        assert client.recv(1) == b""


def test_headers_in_drops_are_dropped(address):
    with socket.create_connection(address, 20) as client:
        begin = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < begin + 15:
                client.sendall(b"a")
                time.sleep(0.1)
        assert time.monotonic() < begin + 15


def test_answer_that_nobody_reads_is_dropped(address):
    with socket.create_connection(address, 20) as client:
        client.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(2)
        got = 0
        with contextlib.suppress(ConnectionError):
            while part := client.recv(1 << 20):
                got += len(part)
        assert got < LONG


def test_body_may_take_longer_than_the_headers(address):
    with socket.create_connection(address, 20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1")
        time.sleep(1.2)
        client.sendall(b"2")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
