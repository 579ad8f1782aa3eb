import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from node.node_parts import Clock
from pipeline.errors import WriteError
from pipeline.node.node_config import Process
from pipeline.node.processor import Processor
from pipeline.node.spool import Spool, State, Study
from pipeline.node.study_record import StudyRecord
from pipeline.server.segment_worker import RunResult, WorkerDiedError

PAUSES = (60.0, 300.0)


class FakeWorker:
    """Segment all images, but for those of which it is told something else."""

    def __init__(self) -> None:
        self.kills: set[str] = set()
        self.fails: set[str] = set()
        self.code = 0
        self.runs: list[list[str]] = []
        self.before: Callable[[], None] = lambda: None

    def run(self, images: Path, output: Path, seconds: float) -> RunResult:
        self.before()
        names = sorted(path.name for path in images.iterdir())
        self.runs.append(names)
        if self.kills & set(names):
            msg = "its process has ended (signal 9)"
            raise WorkerDiedError(msg)
        if self.code == 1:
            return RunResult(1, "expected room on the disk")
        output.mkdir(exist_ok=True)
        with (output / "results.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "status"])
            for name in names:
                table.writerow([name, "failed" if name in self.fails else "ok"])
                if name not in self.fails:
                    (output / "sr").mkdir(exist_ok=True)
                    (output / "sr" / name).write_bytes(b"report")
        return RunResult(2 if self.fails & set(names) else 0)


class Place:
    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder)
        self.clock = Clock()
        self.worker = FakeWorker()
        self.aside: list[Study] = []
        self.processor = self.make()

    def make(self) -> Processor:
        return Processor(self.spool, self.worker, Process(), PAUSES, self.put_aside, self.clock)

    def put_aside(self, study: Study) -> None:
        self.spool.move(study, State.FAILED)
        self.aside.append(study)

    def add(self, *names: str) -> Study:
        study = self.spool.create(StudyRecord("ab", "scanner", "SEG", self.clock()))
        for name in names:
            (study.images / f"{name}.dcm").write_bytes(b"image")
        self.spool.move(study, State.STUDIES)
        return study

    def run_all(self) -> None:
        """Run until nothing is to be done, over all pauses."""
        for _ in range(100):
            if self.processor.step() is None:
                if not self.spool.list(State.STUDIES):
                    return
                self.clock.now += max(PAUSES)
        pytest.fail("the queue does not end")


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "spool")


def test_a_study_is_segmented_and_passed_on(place):
    place.add("a", "b")
    assert place.processor.step() is not None
    (study,) = place.spool.list(State.RESULTS)
    assert study.record.counts == {"ok": 2}
    assert study.record.objects == {"SR": 2}
    assert study.record.deaths == 0
    assert place.processor.images == {"ok": 2}
    assert place.processor.step() is None


def test_the_oldest_study_comes_first(place):
    place.clock.now = 2000.0
    place.add("late")
    place.clock.now = 1000.0
    place.add("early")
    place.processor.step()
    assert place.worker.runs == [["early.dcm"]]


def test_a_run_that_cannot_start_is_tried_after_each_pause_then_put_aside(place):
    place.add("a")
    place.worker.code = 1
    for pause in PAUSES:
        assert place.processor.step() is not None
        place.clock.now += pause - 1
        assert place.processor.step() is None
        place.clock.now += 1
    place.processor.step()
    (study,) = place.aside
    assert study.record.last_error == "expected room on the disk"
    assert len(place.worker.runs) == 3


def test_a_run_that_works_at_last_is_passed_on(place):
    place.add("a")
    place.worker.code = 1
    place.processor.step()
    place.worker.code = 0
    place.clock.now += PAUSES[0]
    place.processor.step()
    (study,) = place.spool.list(State.RESULTS)
    assert (study.record.attempts, study.record.last_error) == (0, "")


def test_images_that_fail_are_tried_once_more_and_the_others_passed_on(place):
    place.worker.fails = {"b.dcm"}
    place.add("a", "b")
    place.processor.step()
    assert not place.spool.list(State.RESULTS)
    place.clock.now += PAUSES[0]
    place.processor.step()
    (study,) = place.spool.list(State.RESULTS)
    assert study.record.counts == {"ok": 1, "failed": 1}
    assert study.record.last_error == "1 images could not be segmented"


@pytest.mark.parametrize("count", [1, 2, 7])
def test_only_the_image_that_kills_the_process_is_put_aside(place, count):
    names = [f"{number}" for number in range(count)]
    place.worker.kills = {"0.dcm"}
    place.add(*names)
    place.run_all()
    (aside,) = place.aside
    assert [path.name for path in aside.list_images()] == ["0.dcm"]
    assert "signal 9" in aside.record.last_error
    done = [path.stem for study in place.spool.list(State.RESULTS) for path in study.list_images()]
    assert sorted(done) == names[1:]


class KilledError(Exception):
    """The node has ended."""


def kill() -> None:
    raise KilledError


def test_a_node_that_is_killed_at_work_goes_on_at_once(place):
    place.add("a")
    place.worker.before = kill
    with pytest.raises(KilledError):
        place.processor.step()
    place.worker.before = lambda: None
    place.make().step()
    assert len(place.spool.list(State.RESULTS)) == 1


def test_an_image_that_kills_the_node_again_and_again_is_put_aside(place):
    place.add("a")
    place.worker.before = kill
    killed = 0
    while not place.aside:
        try:
            if place.make().step() is None:
                place.clock.now += max(PAUSES)
        except KilledError:
            killed += 1
    assert killed == 5 * (1 + len(PAUSES))


def test_a_node_that_was_killed_often_for_another_reason_tries_again(place):
    place.add("a")
    place.worker.before = kill
    for _ in range(5):
        with pytest.raises(KilledError):
            place.make().step()
    place.worker.before = lambda: None
    place.run_all()
    assert not place.aside
    assert len(place.spool.list(State.RESULTS)) == 1


def test_a_node_that_is_stopped_counts_no_try(place):
    place.add("a")
    place.worker.kills = {"a.dcm"}
    place.worker.before = place.processor.stop
    place.processor.step()
    (study,) = place.spool.list(State.STUDIES)
    assert (study.record.attempts, study.record.next_try) == (0, 0.0)


def test_a_full_disk_loses_no_study(place, monkeypatch):
    place.add("a")

    def refuse(*_, **__):
        msg = "expected to write, got: no space"
        raise WriteError(msg)

    monkeypatch.setattr("pipeline.node.spool.write_atomically", refuse)
    with pytest.raises(WriteError):
        place.processor.step()
    monkeypatch.undo()
    place.processor.step()
    assert len(place.spool.list(State.RESULTS)) == 1


def test_a_study_without_images_is_removed(place):
    place.add()
    place.processor.step()
    assert not any(place.spool.list(state) for state in State)
