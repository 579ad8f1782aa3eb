import pytest
from fastapi import FastAPI, Request

from pipeline.server.answers import PathHider, add_error_answers
from pipeline.server.receive_parts import receive_parts
from server.asgi import ask, make_multipart


@pytest.fixture
def app(tmp_path):
    app = FastAPI()
    add_error_answers(app, PathHider([]))

    @app.post("/")
    async def take(request: Request) -> list[list[str]]:
        paths = await receive_parts(request, tmp_path, most=3)
        return [[path.name, path.read_bytes().decode("latin-1")] for path in paths]

    return app


@pytest.mark.parametrize(
    "kind",
    ["", "image/png", "application/x-www-form-urlencoded"],
    ids=["none", "its own", "that of curl"],
)
def test_one_body(app, kind):
    headers = {"content-type": kind} if kind else {}
    assert ask(app, "POST", "/", [b"ab", b"", b"c"], headers).json == [["00000", "abc"]]


@pytest.mark.parametrize("kind", ["form-data", "related"])
def test_parts_with_any_bytes_in_any_pieces(app, kind):
    parts = [bytes(range(256)), b"\r\n--limi", b"--limit"]
    body, headers = make_multipart(parts, kind=kind)
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    got = ask(app, "POST", "/", pieces, headers).json
    assert [text.encode("latin-1") for _, text in got] == parts
    assert [name for name, _ in got] == ["00000", "00001", "00002"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"--limit\r\n\r\nab", {"content-type": "multipart/form-data; boundary=limit"}, 400),
        (b"nonsense", {"content-type": "multipart/form-data; boundary=limit"}, 400),
        (b"--limit--\r\n", {"content-type": "multipart/form-data; boundary=limit"}, 400),
        (b"abc", {"content-type": "multipart/form-data"}, 400),
    ],
)
def test_bad_bodies_are_refused(app, body, headers, status):
    answer = ask(app, "POST", "/", body, headers)
    assert answer.status == status
    assert answer.json["detail"].startswith("expected")


def test_too_many_parts_are_refused(app):
    answer = ask(app, "POST", "/", *make_multipart([b"a"] * 4))
    assert answer.status == 400
    assert "at most 3" in answer.json["detail"]
