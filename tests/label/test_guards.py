"""Requests that must not reach the server behind."""

import asyncio
import json
from typing import Any

import pytest

from pipeline.label.app import label_guards as guards
from pipeline.label.app.label_guards import make_label_guards
from pipeline.label.mask_file import LARGEST_MASK_BYTES
from pipeline.server import bounded
from pipeline.server.listen import LOOPBACK


def ask(
    method: str = "GET",
    path: str = "/info/",
    headers: dict[str, str] | None = None,
    *,
    body: list[bytes] | None = None,
    pause: float = 0,
    hosts: tuple[str, ...] = LOOPBACK,
    **options: Any,
) -> tuple[int, dict[str, str], bytes]:
    """Send a request to guards before a server that reads the body and answers its length."""
    parts = list(body or [b""])
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def server(scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            message = await receive()
            length, more = length + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(length).encode()})

    pairs = {"host": "127.0.0.1:8000", **(headers or {})}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
    }
    asyncio.run(make_label_guards(server, hosts=hosts, **options)(scope, receive, send))
    named = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], named, sent[1]["body"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_own_names_pass(host):
    assert ask(headers={"host": host})[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "[::2]"])
def test_other_names_are_refused(host):
    assert ask(headers={"host": host})[0] == 403


def test_address_passes_where_others_may_reach_the_server():
    for host in ("192.0.2.7:8000", "[2001:db8::7]:8000"):
        assert ask(headers={"host": host})[0] == 403
        assert ask(headers={"host": host}, any_address=True)[0] == 200
    # A name of their own may point to any address.
    assert ask(headers={"host": "evil.example"}, any_address=True)[0] == 403


def test_proxy_with_a_name_of_ours_passes():
    headers = {"host": "labels.example", "origin": "https://labels.example"}
    assert ask("PUT", headers=headers, hosts=("labels.example",))[0] == 200


def test_own_page_passes():
    assert ask("PUT", headers={"origin": "http://127.0.0.1:8000"})[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9000", ""])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_pages_are_refused(origin, method):
    status, _, body = ask(method, headers={"origin": origin})
    assert status == 403
    assert "another site" in json.loads(body)["detail"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_what_another_page_embeds_is_refused(site, method):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    assert ask(method, "/annotate/api/image", headers)[0] == 403


@pytest.mark.parametrize(
    ("method", "dest", "status"),
    [("GET", "document", 200), ("POST", "document", 403), ("GET", "iframe", 403)],
)
def test_link_of_another_page_opens_ours_and_nothing_else(method, dest, status):
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert ask(method, "/annotate/", headers | {"sec-fetch-dest": dest})[0] == status


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_own_requests_pass(site):
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
    assert ask("GET", "/annotate/api/images", headers)[0] == 200


def test_answers_are_for_our_own_pages():
    for status, headers, _ in (ask(path="/datastore/image"), ask(headers={"host": "evil.example"})):
        assert status in (200, 403)
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_weights_are_not_replaced(method):
    status, _, body = ask(method, "/model/lesion")
    assert status == 403
    assert "--allow-weights" in json.loads(body)["detail"]


def test_weights_are_replaced_where_that_is_allowed():
    assert ask("PUT", "/model/lesion", allow_weights=True)[0] == 200


def test_weights_may_be_read():
    assert ask("GET", "/model/lesion")[0] == 200


def test_announced_body_that_is_too_long_is_refused():
    length = str(guards.LARGEST_JSON_BYTES + 1)
    assert ask("POST", headers={"content-length": length})[0] == 413


def test_body_that_goes_on_and_on_is_cut_off(monkeypatch):
    monkeypatch.setattr(guards, "LARGEST_JSON_BYTES", 10)
    assert ask("POST", body=[b"12345", b"12345"])[2] == b"10"
    assert ask("POST", body=[b"12345", b"12345", b"1"])[0] == 413


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/infer/lesion", guards.LARGEST_UPLOAD_BYTES),
        ("PUT", "/datastore/", guards.LARGEST_UPLOAD_BYTES),
        ("PUT", "/datastore/image", guards.LARGEST_UPLOAD_BYTES),
        ("PUT", "/model/lesion", guards.LARGEST_UPLOAD_BYTES),
        ("PUT", "/annotate/api/label", LARGEST_MASK_BYTES + guards.LARGEST_JSON_BYTES),
        ("PUT", "/datastore/label", LARGEST_MASK_BYTES + guards.LARGEST_JSON_BYTES),
        ("PUT", "/datastore/image/info", guards.LARGEST_JSON_BYTES),
        ("POST", "/train/lesion", guards.LARGEST_JSON_BYTES),
        ("GET", "/infer/lesion", guards.LARGEST_JSON_BYTES),
        ("POST", "/annotate/api/label", guards.LARGEST_JSON_BYTES),
    ],
)
def test_only_routes_of_files_take_long_bodies(method, path, limit):
    # Whatever the body is said to be: the type is the client's to choose.
    headers = {"content-type": "multipart/form-data; boundary=x"}
    passes = ask(method, path, headers | {"content-length": str(limit)}, allow_weights=True)
    refused = ask(method, path, headers | {"content-length": str(limit + 1)}, allow_weights=True)
    assert (passes[0], refused[0]) == (200, 413)


@pytest.mark.parametrize("length", ["", "-1", "1e3", "x", "\u0663", "9" * 5000])
def test_length_that_is_none_is_refused(length):
    assert ask("POST", headers={"content-length": length})[0] in (400, 413)


def test_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(bounded, "GRACE_S", 0.2)
    status, headers, body = ask("POST", body=[b"1", b"2"], pause=30)
    assert (status, headers["connection"]) == (408, "close")
    assert "too slow" in json.loads(body)["detail"]


def test_body_that_comes_in_drops_is_cut_off(monkeypatch):
    monkeypatch.setattr(bounded, "GRACE_S", 0.3)
    assert ask("POST", body=[b"1"] * 100, pause=0.05)[0] == 408


def test_body_that_comes_fast_enough_is_waited_for(monkeypatch):
    monkeypatch.setattr(bounded, "GRACE_S", 0.2)
    monkeypatch.setattr(bounded, "SLOWEST_BYTES_PER_S", 10)
    assert ask("POST", body=[b"12345"] * 10, pause=0.05)[2] == b"50"


def test_refused_body_is_read_for_a_short_time_only(monkeypatch):
    monkeypatch.setattr("pipeline.server.guards.LONGEST_DRAIN_S", 0.2)
    assert ask("POST", headers={"origin": "null"}, body=[b"1", b"2"], pause=30)[0] == 403


def test_page_may_load_nothing_of_others():
    headers = ask(path="/annotate/")[1]
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"
