import os
from pathlib import Path

import pytest

from pipeline.cli.main import main
from pipeline.errors import ConfigError
from pipeline.node.delivery_error import UnreachableError
from pipeline.node.dicom_archive import DicomArchive
from pipeline.node.spool import Spool, State
from pipeline.node.study_record import Delivery, StudyRecord
from pipeline.server.segment_worker import SegmentWorker

CONFIG = """
folder = "spool"
[receive]
disk_reserve_gib = 0
[[source]]
name = "scanner"
aet = "US1"
addresses = ["127.0.0.1"]
[[rule]]
to = ["pacs"]
[[destination]]
kind = "dicom"
name = "pacs"
aet = "PACS"
host = "127.0.0.1"
port = 9
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "node.toml").write_text(CONFIG)
    return str(tmp_path / "node.toml")


@pytest.fixture
def spool(config: str) -> Spool:
    return Spool(Path(config).with_name("spool"))


@pytest.fixture(autouse=True)
def _no_archive(monkeypatch):
    def refuse(_: DicomArchive) -> None:
        msg = "it does not answer"
        raise UnreachableError(msg)

    monkeypatch.setattr(DicomArchive, "check", refuse)


def _add_failed(spool: Spool) -> str:
    record = StudyRecord("ab", "scanner", "SEG", 0.0, last_error="1 images could not be segmented")
    record.deliveries["pacs"] = Delivery(last_error="it does not answer")
    return spool.create(record, State.FAILED).name


def test_status_tells_what_waits_and_why(config, spool, capsys):
    name = _add_failed(spool)
    assert main(["node", "status", config]) == 0
    told = capsys.readouterr().out
    assert "studies: 0\n" in told
    assert "failed: 1, oldest" in told
    assert f"{name}: 1 images could not be segmented; pacs: it does not answer" in told


def test_retry_puts_back_what_is_named(config, spool, capsys):
    name, other = _add_failed(spool), _add_failed(spool)
    assert main(["node", "retry", config, name]) == 0
    assert [study.name for study in spool.list(State.FAILED)] == [other]
    assert "1 studies" in capsys.readouterr().out
    assert main(["node", "retry", config, "none"]) == 1


def test_another_user_than_the_nodes_is_refused(config, spool, monkeypatch, capsys):
    name = _add_failed(spool)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert main(["node", "retry", config]) == 1
    assert "sudo -u" in capsys.readouterr().err
    assert (spool.folder(State.FAILED) / name).exists()


def test_check_tells_what_fails(config, monkeypatch, capsys):
    monkeypatch.setattr(SegmentWorker, "check", lambda _: None)
    assert main(["node", "check", config]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith(": ok") for line in lines] == [True, True, False]
    assert lines[2] == "destination pacs: it does not answer"
    assert not Path(config).with_name("spool").exists()  # it may be another user than the node's


def test_check_tells_of_a_model_that_does_not_work(config, monkeypatch, capsys):
    def refuse(_: SegmentWorker) -> None:
        msg = "expected weights, found none"
        raise ConfigError(msg)

    monkeypatch.setattr(SegmentWorker, "check", refuse)
    assert main(["node", "check", config]) == 1
    assert "model: expected weights, found none" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["status", "none.toml"], "none.toml"), (["check", "CONFIG", "study"], "retry only")],
)
def test_arguments_that_do_not_fit(config, arguments, told, capsys):
    assert main(["node", *(config if each == "CONFIG" else each for each in arguments)]) == 1
    assert told in capsys.readouterr().err
