"""Every route, asked for what must not be: a status from 400 to 499, a reason, and nothing left.

The server is in this process, with its guards. Beside two images and a cine the studies have a
damaged file that names a patient.
"""

import asyncio
import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit
from starlette.requests import Request

from label.asgi_client import AsgiClient
from label.conftest import write_study
from label.label_server import Answer, needs_label
from label.tiny_bundle import draw_image, draw_mask, write_bundle, write_png
from pipeline.label.app.request_body import FormReader, _Room
from pipeline.label.label_errors import RequestError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.mask_file import encode_mask
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.server.scratch import Scratch

pytestmark = needs_label

FIRST = "a/first.png"
PATIENT = "Nobody^Ever"
FORM = "multipart/form-data; boundary=limit"
JSON = "application/json"


class Route(NamedTuple):
    """A route, and what a right request to it has.

    Attributes:
        kind: of the body that it takes: "", "json", "form" or "mask".
        query: right values.
        needed: names of the query that must not be missing.
    """

    kind: str = ""
    query: dict[str, str] = {}  # noqa: RUF012
    needed: tuple[str, ...] = ()


_IMAGE = {"image": FIRST}
_LABEL = {"label": FIRST, "tag": "final"}
_PAGE = {"id": FIRST, "frame": "0"}

ROUTES = {
    ("GET", "/"): Route(),
    ("GET", "/info/"): Route(),
    ("POST", "/activelearning/{strategy}"): Route("json"),
    ("POST", "/infer/{model}"): Route("form", {**_IMAGE, "output": "image"}),
    ("POST", "/batch/infer/{model}"): Route("json", {"images": "all", "run_sync": "false"}),
    ("GET", "/batch/infer"): Route(query={"all": "false", "check_if_running": "false"}),
    ("DELETE", "/batch/infer"): Route(),
    ("GET", "/datastore/"): Route(query={"output": "stats"}),
    ("GET", "/datastore/dataset"): Route(query={"limit_cases": "1"}),
    ("PUT", "/datastore/"): Route("form", {"image": "new"}),
    ("PUT", "/datastore/image"): Route("form", {"image": "new"}),
    ("DELETE", "/datastore/"): Route(query={"id": FIRST}, needed=("id",)),
    ("DELETE", "/datastore/image"): Route(query={"id": FIRST}, needed=("id",)),
    ("HEAD", "/datastore/image"): Route(query=_IMAGE, needed=("image",)),
    ("GET", "/datastore/image"): Route(query=_IMAGE, needed=("image",)),
    ("GET", "/datastore/image/info"): Route(query=_IMAGE, needed=("image",)),
    ("PUT", "/datastore/image/info"): Route("form", _IMAGE, ("image",)),
    ("PUT", "/datastore/label"): Route("form", {**_IMAGE, "tag": "final"}, ("image",)),
    ("DELETE", "/datastore/label"): Route(
        query={"id": "other_2.png", "tag": "final"}, needed=("id", "tag")
    ),
    ("HEAD", "/datastore/label"): Route(query={**_IMAGE, "tag": "final"}, needed=("image", "tag")),
    ("GET", "/datastore/label"): Route(query=_LABEL, needed=("label", "tag")),
    ("GET", "/datastore/label/info"): Route(query=_LABEL, needed=("label", "tag")),
    ("PUT", "/datastore/label/info"): Route("form", _LABEL, ("label", "tag")),
    ("PUT", "/datastore/updatelabelinfo"): Route("form", _LABEL, ("label", "tag")),
    ("POST", "/train/"): Route("json"),
    ("POST", "/train/{model}"): Route("json"),
    ("GET", "/train/"): Route(query={"all": "false", "check_if_running": "false"}),
    ("DELETE", "/train/"): Route(),
    ("POST", "/scoring/"): Route("json", {"run_sync": "true"}),
    ("POST", "/scoring/{method}"): Route("json", {"run_sync": "true"}),
    ("GET", "/scoring/"): Route(query={"all": "false", "check_if_running": "false"}),
    ("DELETE", "/scoring/"): Route(),
    ("GET", "/model/{model}"): Route(),
    ("GET", "/model/info/{model}"): Route(),
    ("PUT", "/model/{model}"): Route("form"),
    ("GET", "/annotate/api/images"): Route(),
    ("GET", "/annotate/api/image"): Route(query=_PAGE, needed=("id",)),
    ("GET", "/annotate/api/next"): Route(query={"strategy": "first"}),
    ("POST", "/annotate/api/predict"): Route(query=_PAGE, needed=("id",)),
    ("POST", "/annotate/api/suppressed"): Route(query=_PAGE, needed=("id",)),
    ("GET", "/annotate/api/label"): Route(query=_PAGE, needed=("id",)),
    ("PUT", "/annotate/api/label"): Route("mask", _PAGE, ("id",)),
    ("GET", "/annotate/api/info"): Route(),
    ("POST", "/annotate/api/train"): Route("json"),
    ("POST", "/annotate/api/weights/restore"): Route(),
}

NAMES = {"{strategy}": "first", "{model}": "lesion", "{method}": "dice"}
"""What stands in the paths."""

LONG = "x" * 5000
STRANGE = (
    *("../secret.png", "a/../../secret.png", "..", "/etc/passwd", "~/x", "C:\\Windows\\win.ini"),
    *("link.png", "\0", f"{FIRST}\0", "\0/../x", LONG, "../" * 1000, "é\u202e\u0301", "\U0001f4a5"),
    *("\ud800", "%2e%2e/secret.png", "null", "[]", "{}", "' OR 1=1 --", "<script>", "#frame=1"),
    *(f"{FIRST}#frame=1", "sweep.dcm#frame=0", "sweep.dcm#frame=99999999999999999999", "NaN"),
)
"""Names of nothing that a client may have."""
NUMBERS = ("", "x", "-1", "1.5", "1e3", "NaN", "inf", "9" * 25, "9" * 5000, "0x1", "\u0663\u0663")
"""Numbers that are none, or of no frame."""
NO_OBJECTS = (
    *(b"x", b"[]", b"1", b'"text"', b"null", b"true", b"NaN", b'{"a": NaN}', b'{"a": -Infinity}'),
    *(b'{"a": 1e999}', b"[" * 100_000, b'{"a":' * 5000, b'{"a":' * 40 + b"1" + b"}" * 40),
    *(b'{"a": ' + b"9" * 5000 + b"}", b'{"a": "\\ud800"}', b"\xff\xfe\x00", b'{"a": 1', b"\x00"),
)
"""Bodies that are no JSON object, or none that can be written again."""
IDS = ("id", "image", "label", "tag", "strategy", "output", "images", "check_sum")
NUMBER_NAMES = ("frame", "limit_cases")


class Place(NamedTuple):
    """The server, and where its files are."""

    client: AsgiClient
    folder: Path

    @property
    def scratch(self) -> list[Path]:
        """Temporary files that are there."""
        return list((self.folder / "labels" / "scratch").glob("*/**/*"))

    def check(self, answer: Answer, *, told: bool = True) -> None:
        """Check that a request was refused, in words that tell nothing."""
        assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
        if told:
            detail = answer.json["detail"]
            reasons = detail if isinstance(detail, str) else [each["msg"] for each in detail]
            assert reasons
        self.check_secrets(answer)

    def check_secrets(self, answer: Answer) -> None:
        content = answer.body + json.dumps(answer.headers).encode()
        for secret in (str(self.folder), tempfile.gettempdir(), "Nobody", "/usr/", "Traceback"):
            assert secret.encode() not in content, secret


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    from pipeline.label.server import make_server

    folder = tmp_path_factory.mktemp("requests")
    bundle = write_bundle(folder / "bundle")
    studies = write_study(folder / "studies")
    write_png(folder / "secret.png", np.full((60, 90), 77, np.uint8))
    (studies / "link.png").symlink_to(folder / "secret.png")
    write_damaged(studies / "damaged.dcm")
    settings = LabelSettings(str(studies), str(folder / "labels"), str(bundle))
    before = tempfile.tempdir
    client = AsgiClient(make_server(settings, host="127.0.0.1"))
    yield Place(client, folder)
    tempfile.tempdir = before


def write_damaged(path: Path) -> None:
    """Write a file whose header is right and whose pixels are no JPEG."""
    write_phantom_dicom(path, draw_image(), mm_per_pixel=(0.1, 0.1))
    file = pydicom.dcmread(path)
    file.PatientName = PATIENT
    file.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    file.PixelData = encapsulate([b"\xff\xd8\xff\xe0" + b"garbage" * 50 + b"\xff\xd9"])
    file["PixelData"].VR = "OB"
    file["PixelData"].is_undefined_length = True
    file.save_as(path)


def fill(path: str, **names: str) -> str:
    for place, name in NAMES.items():
        path = path.replace(place, names.get(place.strip("{}"), name))
    return path


def encode_form(fields: dict[str, bytes], files: dict[str, tuple[str, bytes]]) -> bytes:
    lines: list[bytes] = []
    for name, value in fields.items():
        lines += [b"--limit", b'Content-Disposition: form-data; name="%s"' % name.encode(), b""]
        lines += [value]
    for name, (file, content) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
        lines += [b"--limit", head.encode(), b"", content]
    return b"\r\n".join([*lines, b"--limit--", b""])


def list_routes(*kinds: str) -> list[tuple[str, str]]:
    return [each for each, route in ROUTES.items() if route.kind in kinds]


def test_table_has_every_route(place):
    paths = place.client.app.app.openapi()["paths"]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    of_old = {
        ("PUT", "/datastore/"),
        ("DELETE", "/datastore/"),
        ("PUT", "/datastore/updatelabelinfo"),
    }
    assert set(ROUTES) == there | of_old | {("GET", "/")}


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_names_of_nothing(place, method, path):
    route = ROUTES[method, path]
    for name in set(route.query) & set(IDS):
        for value in STRANGE:
            answer = place.client.ask(method, fill(path), **(route.query | {name: value}))
            place.check(answer, told=method != "HEAD")


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if "{" in each[1]])
def test_names_of_nothing_in_the_path(place, method, path):
    kind = ROUTES[method, path].kind
    headers = {"content-type": JSON if kind == "json" else FORM}
    for value in ("", "x", "..", "\0", LONG, "é\u202e", "a/b", "../../etc/passwd", "lesion\0"):
        names = dict.fromkeys(("strategy", "model", "method"), value)
        answer = place.client.ask(method, fill(path, **names), b"", headers)
        if value:
            place.check(answer)
        assert answer.status < 500


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_numbers_that_are_none(place, method, path):
    route = ROUTES[method, path]
    for name in set(route.query) & set(NUMBER_NAMES):
        for value in NUMBERS:
            answer = place.client.ask(method, fill(path), **(route.query | {name: value}))
            if name == "limit_cases" and value.isdigit():
                assert answer.status in (200, 422)  # a limit that is large is one
            else:
                place.check(answer)


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_truth_values_that_are_none(place, method, path):
    route = ROUTES[method, path]
    for name in set(route.query) & {"all", "check_if_running", "run_sync"}:
        for value in ("maybe", "2", LONG, "\0"):
            place.check(place.client.ask(method, fill(path), **(route.query | {name: value})))


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_missing_names(place, method, path):
    route = ROUTES[method, path]
    for name in route.needed:
        query = {key: value for key, value in route.query.items() if key != name}
        place.check(place.client.ask(method, fill(path), **query), told=method != "HEAD")


@pytest.mark.parametrize(("method", "path"), list_routes("json"))
def test_bodies_that_are_no_object(place, method, path):
    query = ROUTES[method, path].query
    for body in NO_OBJECTS:
        answer = place.client.ask(method, fill(path), body, {"content-type": JSON}, **query)
        place.check(answer)
        assert answer.status == 400


@pytest.mark.parametrize(("method", "path"), list_routes("json", "form", "mask"))
def test_bodies_of_another_type(place, method, path):
    kind, query = ROUTES[method, path][:2]
    wrong = {"json": (FORM, "text/plain"), "form": (JSON, "image/png"), "mask": (JSON, FORM)}
    for content_type in (*wrong[kind], "x", "text/html; charset=\u00e9"):
        answer = place.client.ask(
            method, fill(path), b"{}", {"content-type": content_type}, **query
        )
        place.check(answer)
        if not path.startswith("/model"):
            assert answer.status == 415


@pytest.mark.parametrize(("method", "path"), list_routes("form"))
def test_damaged_forms(place, method, path):
    query = ROUTES[method, path].query
    whole = encode_form({"params": b"{}"}, {"other": ("x.png", b"x" * 100)})
    many = encode_form({f"f{number}": b"1" for number in range(1000)}, {})
    for body in (b"x", whole[:60], whole.replace(b"\r\n", b"\n"), many, b"--limit\r\n" * 1000):
        answer = place.client.ask(method, fill(path), body, {"content-type": FORM}, **query)
        assert answer.status < 500
        place.check_secrets(answer)
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=", FORM + "\x00"):
        answer = place.client.ask(
            method, fill(path), whole, {"content-type": content_type}, **query
        )
        place.check(answer)
    assert place.scratch == []


@pytest.mark.parametrize(("method", "path"), list_routes("form"))
def test_fields_that_are_no_object(place, method, path):
    file = "label" if path.endswith("label") else "file"
    name = "info" if path.endswith("/info") else "params"
    query = ROUTES[method, path].query
    for text in NO_OBJECTS:
        files = {file: ("x.png", encode_mask(draw_mask(), ".png"))}
        body = encode_form({name: text}, {} if path.startswith("/infer") else files)
        answer = place.client.ask(method, fill(path), body, {"content-type": FORM}, **query)
        place.check(answer)
    assert place.scratch == []


@pytest.mark.parametrize(
    "file",
    [*("", "x", "../x.png", "/etc/passwd", "x.png\0", LONG, "é.png", ".png", "x.exe", "a\\b.png")],
)
@pytest.mark.parametrize(
    "content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"NRRD0004\n\n", b"\x1f\x8b"]
)
def test_refused_uploads_leave_nothing(place, file, content):
    for method, path, name in (
        ("POST", "/infer/lesion", "file"),
        ("PUT", "/datastore/image", "file"),
        ("PUT", "/datastore/", "file"),
        ("PUT", "/datastore/label", "label"),
        ("PUT", "/model/lesion", "file"),
    ):
        body = encode_form({}, {name: (file, content)})
        query = {"image": FIRST} if name == "label" else {}
        answer = place.client.ask(method, path, body, {"content-type": FORM}, **query)
        place.check(answer)
    assert place.scratch == []
    assert not (place.folder / "labels" / "uploads").exists()


def test_forms_are_bounded_in_sum_and_give_their_room_back(place, monkeypatch):
    reader = FormReader(Scratch(place.folder / "labels" / "scratch"))
    room = _Room(3000)
    monkeypatch.setattr(reader, "_room", room)
    request = {"content-type": FORM}
    whole = encode_form({}, {"file": ("x.png", b"x" * 1000)})

    async def read(chunks, is_cut=False):
        """Say which files there are, and the room left, while the form is in use."""
        messages = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
        messages.append({"type": "http.disconnect" if is_cut else "http.request"})
        headers = [(name.encode(), value.encode()) for name, value in request.items()]

        async def receive():
            return messages.pop(0)

        forms = reader(Request({"type": "http", "headers": headers}, receive))
        form = await anext(forms)
        seen = [path.read_bytes() for path in form.files.values()], room._free, place.scratch
        await forms.aclose()
        return seen

    files, free, scratch = asyncio.run(read([whole]))
    assert files == [b"x" * 1000]
    assert free == 3000 - 2 * len(whole)
    assert not [path for path in scratch if path.name == "body"]
    for chunks, is_cut in (([whole[:500]], True), ([whole, whole, whole], False), ([b"x"], False)):
        with pytest.raises(RequestError):
            asyncio.run(read(chunks, is_cut))
        assert (room._free, place.scratch) == (3000, [])


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "/annotate/api/image", {"id": "damaged.dcm"}),
        ("POST", "/annotate/api/predict", {"id": "damaged.dcm"}),
        ("POST", "/infer/lesion", {"image": "damaged.dcm"}),
        ("POST", "/infer/lesion", {"image": "damaged.dcm", "output": "dicom_seg"}),
    ],
)
def test_damaged_image_is_reported_without_folders_and_patients(place, method, path, query):
    answer = place.client.ask(method, path, **query)
    place.check(answer)
    assert "cannot be read" in answer.json["detail"]


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if each[0] == "GET"])
def test_answers_tell_no_folder(place, method, path):
    answer = place.client.ask(method, fill(path), **ROUTES[method, path].query)
    assert answer.status < 500
    if path != "/datastore/image":  # a file as it is
        place.check_secrets(answer)


def test_list_to_train_on_has_no_paths(place):
    save(place, FIRST)
    answer = place.client.ask("GET", "/datastore/", output="train")
    assert answer.json == [{"image": FIRST, "label": FIRST}]
    place.client.ask("DELETE", "/datastore/label", id=FIRST, tag="final")


@pytest.mark.parametrize("key", ["upload", "bundle_path", "image", "path"])
def test_many_images_cannot_be_files_of_this_machine(place, key):
    options = {"images": [FIRST], key: str(place.folder / "secret.png")}
    answer = place.client.post("/batch/infer/lesion", options, run_sync="true")
    assert (answer.status, list(answer.json)) == (200, [FIRST])
    place.check_secrets(answer)
    for images in ([str(place.folder / "secret.png")], ["../secret.png"], [1], {}, "some", [[]]):
        place.check(place.client.post("/batch/infer/lesion", {"images": images}))


def test_network_makes_no_final_labels(place):
    for path in ("/batch/infer/lesion",):
        place.check(place.client.post(path, {"images": [FIRST], "label_tag": "final"}))
    params = json.dumps({"save_label": True, "label_tag": "final"}).encode()
    body = encode_form({"params": params}, {})
    answer = place.client.ask("POST", "/infer/lesion", body, {"content-type": FORM}, image=FIRST)
    place.check(answer)
    assert place.client.ask("GET", "/annotate/api/label", id=FIRST).status == 404


@pytest.mark.parametrize("epochs", [0, -1, 1001, 10**30, 1.5, "10", True, [], {}])
@pytest.mark.parametrize(
    ("path", "name"),
    [("/annotate/api/train", "epochs"), ("/train/", "max_epochs"), ("/train/lesion", "max_epochs")],
)
def test_epochs_that_are_none(place, path, name, epochs):
    place.check(place.client.post(path, {name: epochs}))
    place.check(place.client.post("/train/", {"lesion": epochs}))


def test_notes_that_are_too_long(place):
    for path, query in (("/datastore/image/info", _IMAGE), ("/datastore/label/info", _LABEL)):
        body = encode_form({"info": json.dumps({"a": "x" * 70_000}).encode()}, {})
        answer = place.client.ask("PUT", path, body, {"content-type": FORM}, **query)
        place.check(answer)


def test_notes_of_a_client_do_not_break_the_choice(place):
    body = encode_form({"info": b'{"strategy": "mine"}'}, {})
    chosen = place.client.post("/activelearning/first").json["id"]
    noted = place.client.ask(
        "PUT", "/datastore/image/info", body, {"content-type": FORM}, image=chosen
    )
    assert noted.status == 200
    for _ in range(8):
        assert place.client.post("/activelearning/first", {"client_id": ["x"]}).status == 200


def test_long_body_does_not_hold_up_others(place):
    # 60 MB in the parts that a network makes; a mask of that length is none.
    parts = [b"\x89PNG" + b"\0" * 65532] * 900
    headers = {"content-type": "image/png"}
    answer = place.client.ask("PUT", "/annotate/api/label", parts, headers, **_PAGE)
    place.check(answer)
    assert place.client.loop_seconds < 3


def test_form_that_is_slow_to_take_apart_does_not_hold_up_others(place):
    body = encode_form({}, {"label": ("x.png", b"\r\n--limi" * 500_000)})
    headers = {"content-type": FORM}
    parts = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    answer = place.client.ask("PUT", "/datastore/label", parts, headers, image=FIRST)
    place.check(answer)
    assert place.client.loop_seconds < 1
    assert place.scratch == []


def test_of_many_starts_of_a_training_one_succeeds(place, monkeypatch):
    from pipeline.label.training_process import TrainingProcess

    go_on = threading.Event()
    begun = []

    def work(process, epochs, stopping):
        begun.append(epochs)
        go_on.wait(60)

    monkeypatch.setattr(TrainingProcess, "_run_worker", work)
    save(place, FIRST)
    answers: list[Answer] = []

    def start() -> None:
        client = AsgiClient(place.client.app)
        answers.append(client.post("/annotate/api/train", {"epochs": 3}))

    threads = [threading.Thread(target=start) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.client.ask("GET", "/annotate/api/info").json["training"]["status"] == "running"
    go_on.set()
    assert sorted(answer.status for answer in answers) == [200, *[409] * 11]
    assert begun == [3]
    place.client.ask("DELETE", "/train/")
    place.client.ask("DELETE", "/datastore/label", id=FIRST, tag="final")


def test_server_has_let_out_no_error(place):
    assert place.client.errors == []
    assert place.scratch == []


def save(place: Place, name: str) -> None:
    mask = encode_mask(draw_mask(), ".png")
    headers = {"content-type": "image/png"}
    answer = place.client.ask("PUT", "/annotate/api/label", mask, headers, id=name)
    assert answer.status == 200, answer.body
