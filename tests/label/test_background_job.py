"""Work that goes on behind requests."""

import threading

import pytest

from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_errors import ConflictError, RequestError, UnknownImageError


@pytest.fixture
def job():
    return BackgroundJob("scoring")


def test_one_at_a_time(job):
    go_on, outcomes = threading.Event(), []

    def start():
        try:
            outcomes.append(job.start({}, lambda _: go_on.wait(30))["status"])
        except ConflictError:
            outcomes.append("refused")

    threads = [threading.Thread(target=start) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    go_on.set()
    assert sorted(outcomes) == ["RUNNING", *["refused"] * 19]


def test_result_is_waited_for(job):
    assert job.start({"a": 1}, lambda _: 5, wait=True) == 5
    ended = job.describe()
    assert (ended["status"], ended["request"], ended["details"]) == ("DONE", {"a": 1}, [])
    assert not job.is_running


def test_failure_is_reported_and_another_run_may_begin(job):
    def fail(_):
        raise RequestError("in words")

    with pytest.raises(RequestError, match="in words"):
        job.start({}, fail, wait=True)
    assert (job.describe()["status"], job.describe()["details"]) == ("ERROR", ["in words"])
    assert job.start({}, lambda _: 1, wait=True) == 1
    assert [run["status"] for run in job.describe(everything=True)] == ["ERROR", "DONE"]


def test_unexpected_failure_does_not_tell_what_it_quotes(job):
    def fail(_):
        raise ValueError("Nobody^Ever")

    with pytest.raises(ValueError, match="Nobody"):
        job.start({}, fail, wait=True)
    assert job.describe()["details"] == ["unexpected ValueError"]


def test_run_is_stopped(job):
    job.start({}, lambda stopping: stopping.wait(30))
    assert job.is_running
    assert job.describe(running=True)["status"] == "RUNNING"
    assert job.stop()["status"] == "STOPPED"
    assert job.stop() is None
    with pytest.raises(UnknownImageError, match="no scoring is running"):
        job.describe(running=True)


def test_without_a_run_there_is_nothing_to_tell(job):
    for everything in (False, True):
        with pytest.raises(UnknownImageError, match="no scoring was started"):
            job.describe(everything=everything)
