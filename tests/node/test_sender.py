from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from node.node_parts import Clock
from pipeline.node.commitments import Commitments
from pipeline.node.delivery_error import DeliveryError, UnreachableError
from pipeline.node.node_config import Rule
from pipeline.node.sender import COMMITMENT_S, Sender
from pipeline.node.spool import Spool, State, Study
from pipeline.node.study_record import StudyRecord

PAUSES = (60.0, 300.0)


class FakeArchive:
    """Takes so many files before it fails."""

    def __init__(self, *, commits: bool = False) -> None:
        self.commits = commits
        self.got: list[str] = []
        self.room = 1000
        self.error: type[DeliveryError] = DeliveryError
        self.calls = 0
        self.transactions: list[str] = []

    def store(self, paths: Sequence[Path]) -> Iterator[Path]:
        self.calls += 1
        for path in paths:
            if self.room == 0:
                msg = "it refuses"
                raise self.error(msg)
            self.room -= 1
            self.got.append(path.name)
            yield path

    def check(self) -> None:
        """Is not asked."""

    def ask_commitment(self, paths: Sequence[Path], transaction: str) -> None:
        self.transactions.append(transaction)


class Place:
    def __init__(self, folder: Path, **archives: FakeArchive) -> None:
        self.spool = Spool(folder)
        self.clock = Clock()
        self.archives = archives
        self.commitments = Commitments(folder / "commitments")
        rules = [Rule((), source="test"), Rule(tuple(archives))]
        self.sender = Sender(
            self.spool, rules, archives, self.commitments, PAUSES, self.spool.move, self.clock
        )

    def add(self, *names: str, source: str = "scanner", failed: int = 0) -> Study:
        record = StudyRecord("ab", source, "SEG", self.clock(), counts={"failed": failed})
        study = self.spool.create(record)
        for name in names:
            (study.output / "sr").mkdir(parents=True, exist_ok=True)
            (study.output / "sr" / f"{name}.dcm").write_bytes(b"report")
        self.spool.move(study, State.RESULTS)
        return study

    def count(self, state: State) -> int:
        return self.spool.count(state)


def test_results_go_to_every_destination(tmp_path):
    one, other = FakeArchive(), FakeArchive()
    place = Place(tmp_path / "spool", one=one, other=other)
    place.add("a", "b")
    place.sender.step()
    assert one.got == other.got == ["a.dcm", "b.dcm"]
    assert place.count(State.SENT) == 1
    assert place.sender.counts == {("one", "stored"): 2, ("other", "stored"): 2}


def test_what_was_taken_is_not_sent_again(tmp_path):
    archive = FakeArchive()
    archive.room = 1
    place = Place(tmp_path / "spool", pacs=archive)
    place.add("a", "b")
    place.sender.step()
    assert archive.got == ["a.dcm"]
    archive.room = 1000
    place.sender.step()
    assert archive.calls == 1
    place.clock.now += PAUSES[0]
    place.sender.step()
    assert archive.got == ["a.dcm", "b.dcm"]
    assert place.count(State.SENT) == 1


def test_a_destination_that_refuses_always_does_not_keep_others_from_theirs(tmp_path):
    good, bad = FakeArchive(), FakeArchive()
    bad.room = 0
    place = Place(tmp_path / "spool", bad=bad, good=good)
    place.add("a")
    for _ in range(10):
        place.sender.step()
        place.clock.now += max(PAUSES)
    assert (good.calls, bad.calls) == (1, 1 + len(PAUSES))
    (study,) = place.spool.list(State.FAILED)
    assert study.record.deliveries["good"].is_done
    assert study.record.deliveries["bad"].last_error == "it refuses"


def test_a_silent_destination_is_not_asked_for_each_study(tmp_path):
    archive = FakeArchive()
    archive.room, archive.error = 0, UnreachableError
    place = Place(tmp_path / "spool", pacs=archive)
    for _ in range(5):
        place.add("a")
    place.sender.step()
    assert archive.calls == 1
    tried = [study for study in place.spool.list(State.RESULTS) if study.record.deliveries]
    assert len(tried) == 1


def test_a_rule_may_send_nowhere(tmp_path):
    archive = FakeArchive()
    place = Place(tmp_path / "spool", pacs=archive)
    place.add("a", source="test")
    place.sender.step()
    assert archive.calls == 0
    assert place.count(State.SENT) == 1


def test_a_study_with_failed_images_is_sent_and_put_aside(tmp_path):
    archive = FakeArchive()
    place = Place(tmp_path / "spool", pacs=archive)
    place.add("a", failed=1)
    place.sender.step()
    assert archive.got == ["a.dcm"]
    assert place.count(State.FAILED) == 1


class TestCommitment:
    @pytest.fixture
    def place(self, tmp_path):
        place = Place(tmp_path / "spool", pacs=FakeArchive(commits=True))
        place.add("a")
        place.sender.step()
        return place

    def test_is_waited_for(self, place):
        place.sender.step()
        assert place.count(State.RESULTS) == 1
        place.commitments.note(place.archives["pacs"].transactions[0], [])
        place.sender.step()
        assert place.count(State.SENT) == 1
        assert place.archives["pacs"].calls == 1

    def test_what_is_not_kept_is_sent_again(self, place):
        place.commitments.note(place.archives["pacs"].transactions[0], ["1.2.3"])
        place.sender.step()
        place.clock.now += PAUSES[0]
        place.sender.step()
        assert place.archives["pacs"].got == ["a.dcm", "a.dcm"]
        assert len(set(place.archives["pacs"].transactions)) == 2

    def test_is_asked_for_again_when_no_answer_comes(self, place):
        place.clock.now += COMMITMENT_S
        place.sender.step()
        place.clock.now += PAUSES[0]
        place.sender.step()
        assert place.archives["pacs"].got == ["a.dcm"]
        assert len(place.archives["pacs"].transactions) == 2
