"""The server of the web page, on a stub of it."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.errors import ConfigError
from pipeline.web import SiteServer, find_site
from pipeline.web.site_server import HEADERS

pytestmark = pytest.mark.enable_socket  # of this machine only


@pytest.fixture
def root(tmp_path: Path) -> Path:
    site = tmp_path / "web" / "dist"
    (site / "runtime").mkdir(parents=True)
    (site / "index.html").write_text("<title>page</title>")
    (site / "runtime" / "run.mjs").write_text("export {};")
    (site / "runtime" / "run.wasm").write_bytes(b"\0asm")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path


@pytest.fixture
def server(root: Path) -> Iterator[SiteServer]:
    with SiteServer(find_site(root), 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server: SiteServer, path: str, method: str = "GET") -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path)
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def test_page_comes_with_headers_that_let_it_reach_nothing_else(server: SiteServer) -> None:
    response = get(server, "/")
    assert (response.status, response.body) == (200, b"<title>page</title>")  # type: ignore[attr-defined]
    assert {name: response.headers[name] for name in HEADERS} == HEADERS
    sources = response.headers["Content-Security-Policy"].split("; ")
    assert "connect-src 'self'" in sources
    assert not any("http" in source or "*" in source for source in sources)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/runtime/run.mjs", "text/javascript"), ("/runtime/run.wasm", "application/wasm")],
)
def test_types_are_those_that_browsers_insist_on(server: SiteServer, path: str, kind: str) -> None:
    assert get(server, path).headers["Content-Type"] == kind


@pytest.mark.parametrize("path", ["/runtime/", "/nothing", "/../secret.txt", "/%2e%2e/secret.txt"])
def test_nothing_but_the_files_of_the_page(server: SiteServer, path: str) -> None:
    response = get(server, path)
    assert response.status == 404
    assert b"secret" not in response.body  # type: ignore[attr-defined]


def test_nothing_can_be_sent_to_it(server: SiteServer) -> None:
    assert get(server, "/", "POST").status == 501


def test_port_that_is_taken_is_reported(server: SiteServer) -> None:
    with pytest.raises(ConfigError, match=f"free port, got {server.server_port} .*--port"):
        SiteServer(server.site, server.server_port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_port_that_does_not_exist(root: Path, port: int) -> None:
    with pytest.raises(ConfigError, match=f"port from 0 to 65535, got {port}"):
        SiteServer(find_site(root), port)


def test_page_that_was_not_built_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["web", "--bundle-root", str(tmp_path)]) == 1
    assert "run `make web-page`" in capsys.readouterr().err


def test_command_serves_until_it_is_stopped(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SiteServer, "serve_forever", lambda _: None)
    assert main(["web", "--bundle-root", str(root), "--port", "0"]) == 0
    assert capsys.readouterr().out.startswith("open http://127.0.0.1:")
