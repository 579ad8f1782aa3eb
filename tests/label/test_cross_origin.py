"""A web page of somebody else in the browser, before the server that users start."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser.chromium import needs_chromium

from label.label_server import LabelServer, needs_label
from label.page.annotator import Annotator

pytestmark = [needs_label, needs_chromium, pytest.mark.enable_socket]

FIRST = "a/first.png"
NAME = "evil.example"
"""Points to this machine, as whoever owns a name can make it do."""

_FORM = """
const form = document.createElement('form');
Object.assign(form, {{ method: 'post', action: '{url}', enctype: 'text/plain', target: 'into' }});
const field = document.createElement('input');
form.append(Object.assign(field, {{ name: '{{"epochs":', value: '1}}' }}));
document.body.append(Object.assign(document.createElement('iframe'), {{ name: 'into' }}), form);
form.submit();
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[int]:
    """The port of another web server on this machine."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>other</title><body>")
    handler = functools.partial(_Quiet, directory=str(tmp_path / "site"))
    site = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=site.serve_forever, args=(0.02,))
    thread.start()
    yield site.server_address[1]
    site.shutdown()
    site.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Annotator]:
    profile = tmp_path_factory.mktemp("profile")
    opened = Annotator(profile, f"--host-resolver-rules=MAP {NAME} 127.0.0.1")
    opened.dialogs = []
    yield opened
    opened.close()


def _open(browser: Annotator, url: str) -> None:
    browser.send("Page.navigate", url=url)
    browser.wait("document.readyState === 'complete'")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", NAME])
def test_page_of_another_site_reaches_nothing(
    browser: Annotator, server: LabelServer, other_site: int, name: str
) -> None:
    _open(browser, f"http://{name}:{other_site}/")
    assert browser.run("document.title") == "other"
    image = f"{server.url}/annotate/api/image?id={FIRST}"
    label = f"{server.url}/annotate/api/label?id={FIRST}"

    def fetch(url: str, options: str) -> str:
        script = f"fetch('{url}', {options}).then((answer) => answer.type, () => 'refused')"
        return str(browser.run(script))

    assert fetch(image, "{}") == "refused"
    assert fetch(image, "{ mode: 'no-cors' }") in ("refused", "opaque")
    seen = f"new Promise((go) => Object.assign(new Image(), {{ onload() {{ go('seen'); }}, \
onerror() {{ go('refused'); }}, src: '{image}' }}))"
    assert browser.run(seen) == "refused"
    assert fetch(label, "{ method: 'PUT', body: 'x' }") == "refused"
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        options = f"{{ method: 'POST', mode: 'no-cors', body: '{{}}', \
headers: {{ 'Content-Type': '{type_}' }} }}"
        fetch(f"{server.url}/annotate/api/train", options)
        fetch(f"{server.url}/activelearning/first", options)
    browser.run(_FORM.format(url=f"{server.url}/annotate/api/train"))
    browser.settle()
    assert server.get("/datastore/image/info", image=FIRST).json.get("strategy") is None
    assert server.get("/annotate/api/info").json["training"]["status"] == "idle"


def test_name_that_points_here_shows_nothing(browser: Annotator, server: LabelServer) -> None:
    port = server.url.rpartition(":")[2]
    _open(browser, f"http://{NAME}:{port}/annotate/")
    assert "another Host" in browser.run("document.body.innerText")
    script = "fetch('/annotate/api/images').then((answer) => answer.status)"
    assert browser.run(script) == 403


def test_link_of_another_site_opens_the_page(
    browser: Annotator, server: LabelServer, other_site: int
) -> None:
    _open(browser, f"http://localhost:{other_site}/")
    browser.run(f"location.href = '{server.url}/annotate/'")
    browser.wait("document.title === 'Annotate breast ultrasound'")
    browser.rest()
    assert browser.error() == ""
    browser.leave()
