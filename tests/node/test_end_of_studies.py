import json
import os
import time

import pytest

from node.node_parts import Clock
from pipeline.errors import ConfigError
from pipeline.node.audit import Audit
from pipeline.node.delete_old import delete_old
from pipeline.node.end_study import EndStudy
from pipeline.node.node_config import Keep
from pipeline.node.retry_studies import retry_studies
from pipeline.node.spool import Spool, State
from pipeline.node.study_record import Delivery, StudyRecord

DAY = 86_400


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


def _add(spool, state, **values):
    return spool.create(StudyRecord("ab", "scanner", "SEG", 1.0, **values), state)


def test_end_writes_one_line_then_moves(spool):
    clock, forgotten = Clock(), []
    audit = Audit(spool.root / "audit.jsonl")
    end = EndStudy(spool, audit, forgotten.append, clock)
    for state in (State.SENT, State.FAILED):
        study = _add(spool, State.RESULTS, counts={"ok": 1}, objects={"SR": 1})
        study.record.deliveries = {"pacs": Delivery(is_done=True), "web": Delivery(last_error="no")}
        (study.images / "code-content.dcm").write_bytes(b"image")
        end(study, state)
    lines = [json.loads(line) for line in audit.path.read_text().splitlines()]
    assert [line["end"] for line in lines] == ["sent", "failed"]
    assert lines[0]["destinations"] == {"pacs": "stored", "web": "no"}
    assert lines[0]["instances"] == ["code"]
    assert lines[0]["time"] == "1970-01-01T00:16:40+00:00"
    assert [len(spool.list(state)) for state in (State.SENT, State.FAILED)] == [1, 1]
    assert len(forgotten) == 1


def test_a_line_that_was_cut_off_does_not_swallow_the_next(spool):
    path = spool.root / "audit.jsonl"
    path.write_bytes(b'{"time": "19')
    Audit(path).write(_add(spool, State.RESULTS), State.SENT)
    assert json.loads(path.read_text().splitlines()[-1])["end"] == "sent"


def test_old_studies_are_deleted_and_young_ones_kept(spool):
    for state in State:
        _add(spool, state, ended=10.0 * DAY)
    forgotten = []
    keep = Keep(sent_days=1, failed_days=3)
    assert delete_old(spool, keep, forgotten.append, 10.9 * DAY) == 0
    assert delete_old(spool, keep, forgotten.append, 11 * DAY) == 1
    assert [spool.count(state) for state in State] == [1, 1, 1, 0, 1]
    assert delete_old(spool, keep, forgotten.append, 13 * DAY) == 1
    assert [spool.count(state) for state in State] == [1, 1, 1, 0, 0]
    assert not list(spool.incoming.iterdir())
    assert len(forgotten) == 2


def test_retry_puts_back_with_a_fresh_count(spool):
    study = _add(spool, State.FAILED, attempts=5, deaths=9, last_error="x", ended=3.0)
    study.record.deliveries = {"pacs": Delivery(is_given_up=True)}
    study.save()
    other = _add(spool, State.FAILED)
    assert retry_studies(spool, [study.name]) == [study.name]
    (back,) = spool.list(State.STUDIES)
    assert (back.record.attempts, back.record.deaths, back.record.deliveries) == (0, 0, {})
    assert retry_studies(spool) == [other.name]


def test_retry_takes_names_of_studies_only(spool):
    _add(spool, State.SENT)
    for name in ("../sent", "none"):
        with pytest.raises(ConfigError, match="expected a folder"):
            retry_studies(spool, [name])


def test_damaged_record_is_reported_and_left_alone(spool, caplog):
    study = _add(spool, State.STUDIES)
    (study.folder / "study.json").write_text("{")
    assert spool.list(State.STUDIES) == []
    assert study.name in caplog.text
    assert study.folder.exists()


def test_transfers_that_were_broken_off_are_removed(spool):
    now = time.time()
    for name, age in (("old", 700), ("new", 500)):
        (spool.incoming / name).write_bytes(b"half an image")
        os.utime(spool.incoming / name, (now - age, now - age))
    spool.remove_stale(now)
    assert [path.name for path in spool.incoming.iterdir()] == ["new"]
    spool.clear_incoming()
    assert not list(spool.incoming.iterdir())
