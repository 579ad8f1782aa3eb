import os

import pytest

from node.node_parts import Clock, make_image, make_intake, write_incoming
from pipeline.node.intake import Outcome
from pipeline.node.refused_error import Refusal, RefusedError
from pipeline.node.spool import Spool, State


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def intake(spool, clock):
    return make_intake(spool, clock, silence_s=30)


def _store(intake, dataset, source="scanner", called="SEG", instance=""):
    path = write_incoming(intake.spool, dataset)
    try:
        return intake.store(path, source=source, called=called, instance=instance)
    finally:
        assert not path.exists()


def test_images_are_put_into_their_studies(spool, clock, intake):
    for number, study in enumerate((1, 2, 1)):
        assert _store(intake, make_image(number, study=study)) is Outcome.STORED
    clock.now += 29
    assert intake.close_quiet() == 0
    clock.now += 1
    assert intake.close_quiet() == 2
    assert sorted(len(study.list_images()) for study in spool.list(State.STUDIES)) == [1, 2]
    assert not spool.list(State.RECEIVED)


def test_each_image_makes_the_study_wait_again(spool, clock, intake):
    _store(intake, make_image(0))
    clock.now += 20
    _store(intake, make_image(1))
    clock.now += 20
    assert intake.close_quiet() == 0


def test_senders_are_kept_apart(spool, intake):
    _store(intake, make_image(), source="one")
    assert _store(intake, make_image(), source="other") is Outcome.STORED
    assert {study.record.source for study in spool.list(State.RECEIVED)} == {"one", "other"}


@pytest.mark.parametrize("state", [State.STUDIES, State.RESULTS, State.SENT])
def test_the_same_again_is_a_success_and_no_second_run(spool, clock, intake, state):
    _store(intake, make_image())
    intake.close_quiet(silence_s=0)
    spool.move(spool.list(State.STUDIES)[0], state) if state is not State.STUDIES else None
    for each in (intake, make_intake(spool, clock)):  # and after a new start
        assert _store(each, make_image()) is Outcome.DUPLICATE
    assert not spool.list(State.RECEIVED)


def test_a_corrected_header_replaces_the_image(spool, intake):
    _store(intake, make_image())
    assert _store(intake, make_image(PatientName="OTHER")) is Outcome.STORED
    (study,) = spool.list(State.RECEIVED)
    (path,) = study.list_images()
    assert b"OTHER" in path.read_bytes()


def test_what_was_put_aside_may_come_again(spool, intake):
    _store(intake, make_image())
    intake.close_quiet(silence_s=0)
    (study,) = spool.list(State.STUDIES)
    intake.forget(study)
    spool.move(study, State.FAILED)
    assert _store(intake, make_image()) is Outcome.STORED


def test_a_killed_node_goes_on_with_the_open_study(spool, clock, intake):
    _store(intake, make_image(0))
    again = make_intake(spool, clock, silence_s=30)
    _store(again, make_image(1))
    (study,) = spool.list(State.RECEIVED)
    assert len(study.list_images()) == 2
    clock.now += 30
    assert again.close_quiet() == 1


def test_own_results_are_not_processed(spool, intake):
    assert _store(intake, make_image(Manufacturer="breast-us-seg")) is Outcome.OWN
    assert not spool.list(State.RECEIVED)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, Refusal.OTHER_CLASS),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, Refusal.OTHER_CLASS),
        ({"StudyInstanceUID": ""}, Refusal.NOT_UNDERSTOOD),
    ],
)
def test_refuses_what_it_cannot_use(spool, intake, change, refusal):
    with pytest.raises(RefusedError) as error:
        _store(intake, make_image(**change))
    assert error.value.refusal is refusal
    assert not spool.list(State.RECEIVED)


def test_refuses_another_instance_than_announced(intake):
    with pytest.raises(RefusedError) as error:
        _store(intake, make_image(), instance="1.2.3")
    assert error.value.refusal is Refusal.OTHER_CLASS


def test_refuses_broken_files_without_quoting_them(spool, intake, caplog):
    path = write_incoming(spool, make_image())
    path.write_bytes(path.read_bytes()[:400] + os.urandom(300))
    with pytest.raises(RefusedError) as error:
        intake.store(path, source="scanner", called="SEG")
    assert error.value.refusal is Refusal.NOT_UNDERSTOOD
    assert "SECRET" not in str(error.value) + caplog.text


def test_refuses_new_studies_above_the_bound_but_not_images_of_open_ones(spool, clock):
    intake = make_intake(spool, clock, most_studies=1)
    _store(intake, make_image(0, study=0))
    with pytest.raises(RefusedError) as error:
        _store(intake, make_image(1, study=1))
    assert error.value.refusal is Refusal.NO_ROOM
    assert _store(intake, make_image(2, study=0)) is Outcome.STORED


def test_refuses_below_the_reserve(spool, clock):
    intake = make_intake(spool, clock, disk_reserve_gib=1e9)
    with pytest.raises(RefusedError) as error:
        _store(intake, make_image())
    assert error.value.refusal is Refusal.NO_ROOM


def test_a_full_disk_is_reported_to_the_sender(intake, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.node.intake.os.rename", refuse)
    with pytest.raises(RefusedError) as error:
        _store(intake, make_image())
    assert error.value.refusal is Refusal.NO_ROOM
    monkeypatch.undo()
    assert _store(intake, make_image()) is Outcome.STORED


def test_no_name_and_no_record_tells_of_a_patient(spool, intake):
    dataset = make_image(Modality="SECRET")
    _store(intake, dataset)
    for path in spool.root.rglob("*"):
        for secret in ("SECRET", dataset.StudyInstanceUID, dataset.SOPInstanceUID):
            assert str(secret) not in str(path)
            if path.suffix == ".json":
                assert str(secret) not in path.read_text()
