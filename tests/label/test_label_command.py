"""What the command refuses or warns of, before the server is made."""

import contextlib
import json
import socket
from pathlib import Path

import pytest

from label.tiny_bundle import draw_image, write_bundle, write_png
from pipeline.cli.main import main
from pipeline.errors import ConfigError
from pipeline.label import server
from pipeline.label.label_settings import LabelSettings
from pipeline.server import listen as sockets


class ReachedError(Exception):
    """The server would have been made with these settings."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the server was to be made with."""
    got: dict[str, object] = {}

    def make_server(settings: LabelSettings, **options: object) -> None:
        got.update(options, settings=settings)
        raise ReachedError

    monkeypatch.setattr(server, "make_server", make_server)
    monkeypatch.setattr(sockets, "listen", lambda *_: contextlib.nullcontext())
    return got


def _run(*arguments: object) -> None:
    with pytest.raises(ReachedError):
        main(["label", *map(str, arguments)])


def test_only_this_machine_is_served_unless_told(made, tmp_path, capsys):
    _run(tmp_path)
    assert made["host"] == "127.0.0.1"
    assert made["allow_weights"] is False
    assert "warning" not in capsys.readouterr().err


def test_other_address_comes_with_a_warning(made, tmp_path, capsys):
    _run(tmp_path, "--host", "0.0.0.0")
    assert made["host"] == "0.0.0.0"
    assert "no login" in capsys.readouterr().err


def test_labels_are_kept_beside_the_studies(made, tmp_path):
    _run(tmp_path / "studies")
    assert made["settings"].state == str((tmp_path / "studies-labels").resolve())
    _run(tmp_path / "studies" / ".", "--labels", tmp_path / "mine")
    assert made["settings"].state == str((tmp_path / "mine").resolve())


def test_login_in_the_url_is_refused(made, capsys):
    assert main(["label", "https://me:secret@archive.example/dicom-web"]) == 1
    told = capsys.readouterr().err
    assert "MONAI_LABEL_DICOMWEB_PASSWORD" in told
    assert "secret" not in told


def test_url_is_taken_as_it_is(made, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    _run("https://archive.example/dicom-web/")
    settings = made["settings"]
    assert (settings.studies, settings.is_remote) == ("https://archive.example/dicom-web", True)
    assert settings.state == str(tmp_path / "breast-us-labels")


def test_unknown_key_of_the_config_is_refused(made, tmp_path, capsys):
    assert main(["label", str(tmp_path), "--set", "treshold=0.4"]) == 1
    assert "treshold" in capsys.readouterr().err


def test_settings_survive_the_way_to_another_process(tmp_path):
    settings = LabelSettings("a", "b", "c", "d", {"threshold": 0.4})
    assert LabelSettings.from_json(settings.to_json()) == settings
    json.loads(settings.to_json())


def test_labels_inside_of_the_studies_are_refused(tmp_path):
    write_png(tmp_path / "x.png", draw_image())
    bundle = write_bundle(tmp_path / "bundle")
    with pytest.raises(ConfigError, match="outside of the studies"):
        LabelSettings(str(tmp_path), str(tmp_path / "labels"), str(bundle)).open()


def test_login_of_monai_label_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("MONAI_LABEL_AUTH_ENABLE", "true")
    settings = LabelSettings(str(tmp_path), str(Path("labels")), str(tmp_path))
    with pytest.raises(ConfigError, match="proxy with a login"):
        server.make_server(settings, host="127.0.0.1")


@pytest.mark.enable_socket
def test_taken_port_is_reported_before_anything_is_loaded(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(server, "make_server", lambda *_, **__: pytest.fail("it was made"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["label", str(tmp_path), "--port", str(port)]) == 1
    told = capsys.readouterr()
    assert f"port {port}" in told.err
    assert "--port" in told.err
    assert "http" not in told.out


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 99999), ("127.0.0.1", -1), ("no.such.example.invalid", 0)]
)
def test_address_that_there_is_not_is_refused(host, port):
    with pytest.raises(ConfigError, match=r"expected (to listen|a --port)"):
        sockets.listen(host, port)


@pytest.mark.enable_socket
def test_address_is_reported_once_it_can_be_reached(monkeypatch, tmp_path, capsys):
    reached = []

    def serve(_, listening):
        address = listening.getsockname()
        assert f"http://127.0.0.1:{address[1]}/annotate/" in capsys.readouterr().out
        with socket.create_connection(address, 5):
            reached.append(address)

    monkeypatch.setattr(server, "make_server", lambda *_, **__: None)
    monkeypatch.setattr(sockets, "serve", serve)
    assert main(["label", str(tmp_path), "--port", "0"]) == 0
    assert reached
