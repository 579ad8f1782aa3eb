"""The service in this process, before a worker that only writes files."""

import asyncio
import io
import zipfile

import pytest
from server.asgi import ask, ask_async, make_multipart

from pipeline.serve.make_service import make_service
from pipeline.server.scratch import Scratch
from serve.fake_worker import FakeWorker

JSON, PNG, DICOM = "application/json", "image/png", "application/dicom"


class Service:
    def __init__(self, folder, **options):
        self.worker = FakeWorker()
        self.scratch = Scratch(folder / "scratch")
        self.app = make_service(self.worker, self.scratch, **options)

    def segment(self, content, accept="", **query):
        headers = {"accept": accept} if accept else {}
        return ask(self.app, "POST", "/v1/segment", content, headers, **query)


@pytest.fixture
def make(tmp_path):
    made = []

    def make_one(**options):
        made.append(Service(tmp_path, **options))
        return made[-1]

    yield make_one
    for service in made:
        assert not list(service.scratch.folder.glob("tmp*")), "files of requests are left"
        service.scratch.close()


@pytest.fixture
def service(make):
    return make()


def test_json_has_the_rows_of_the_tables(service):
    answer = service.segment(b"ok")
    assert answer.status == 200
    assert answer.json["images"] == [
        {
            "file": 1,
            "frame": None,
            "status": "ok",
            "reason": None,
            "probability": 0.9,
            "quality": None,
            "lesions": [{"lesion": 1, "area_mm2": 12.5, "orientation": "parallel"}],
        }
    ]
    assert "research" in answer.json["notice"].lower()


@pytest.mark.parametrize(
    ("accept", "query", "kind", "body"),
    [
        (PNG, {}, PNG, b"mask"),
        ("image/webp, image/*;q=0.8", {}, PNG, b"mask"),
        (DICOM, {}, DICOM, b"segmentation"),
        (f'{DICOM}; type="sr"', {}, DICOM, b"report"),
        (f"{PNG};q=0.1, {DICOM};type=sr;q=0.2", {}, DICOM, b"report"),
        (JSON, {"output": "png"}, PNG, b"mask"),
        ("text/html", {"output": "seg"}, DICOM, b"segmentation"),
    ],
)
def test_answer_is_what_the_client_accepts(service, accept, query, kind, body):
    answer = service.segment(b"ok", accept, **query)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, kind, body)


def test_a_form_is_taken_too(service):
    body, headers = make_multipart([b"ok"])
    answer = ask(service.app, "POST", "/v1/segment", body, {**headers, "accept": PNG})
    assert answer.body == b"mask"
    body, headers = make_multipart([b"ok", b"ok"])
    assert ask(service.app, "POST", "/v1/segment", body, headers).status == 400


@pytest.mark.parametrize(("frame", "body"), [(1, b"mask 1"), (2, b"mask 2")])
def test_mask_of_a_frame(service, frame, body):
    assert service.segment(b"cine", PNG, frame=frame).body == body


def test_mask_of_no_frame_is_not_guessed(service):
    for query in ({}, {"frame": 3}):
        answer = service.segment(b"cine", PNG, **query)
        assert answer.status == 406
        assert "from 1 to 2" in answer.json["detail"]
    assert [image["frame"] for image in service.segment(b"cine").json["images"]] == [1, 2]


@pytest.mark.parametrize(
    ("content", "accept", "status"),
    [
        (b"none", DICOM, 204),
        (b"png", DICOM, 406),
        (b"png", f"{DICOM};type=sr", 406),
        (b"ok", "text/html", 406),
        (b"ok", "application/json;q=0", 406),
        (b"skip", JSON, 422),
        (b"fail", PNG, 422),
        (b"", JSON, 400),
        (b"die", JSON, 500),
        (b"stuck", JSON, 500),
    ],
)
def test_status_tells_what_is_wrong(service, content, accept, status):
    answer = service.segment(content, accept)
    assert answer.status == status
    if status != 204:
        assert answer.json["detail"]
        assert str(service.scratch.folder) not in answer.json["detail"]


def test_a_report_without_lesions_is_given(service):
    assert service.segment(b"none", f"{DICOM};type=sr").body == b"report"


def test_long_bodies_are_refused(make):
    service = make(largest_bytes=10)
    assert service.segment(b"x" * 11).status == 413
    assert service.segment([b"x" * 6, b"x" * 6]).status == 413
    assert service.worker.runs == 0


def test_token_is_asked_for(make):
    service = make(token="secret")
    assert service.segment(b"ok").status == 401
    for given in ("Bearer other", "Bearer secre", "secret"):
        headers = {"authorization": given}
        assert ask(service.app, "POST", "/v1/segment", b"ok", headers).status == 401
    headers = {"authorization": "Bearer secret"}
    assert ask(service.app, "POST", "/v1/segment", b"ok", headers).status == 200
    assert ask(service.app, "GET", "/healthz").status == 200
    assert ask(service.app, "GET", "/metrics").status == 401
    assert service.worker.runs == 1


def test_other_pages_are_refused(service):
    headers = {"origin": "http://evil.example"}
    assert ask(service.app, "POST", "/v1/segment", b"ok", headers).status == 403


def test_more_than_the_queue_holds_is_refused_with_when_to_try_again(make):
    service = make(most=2)

    async def press() -> list:
        requests = [
            asyncio.ensure_future(ask_async(service.app, "POST", "/v1/segment", b"slow"))
            for _ in range(5)
        ]
        await asyncio.sleep(0.2)
        ready = await ask_async(service.app, "GET", "/readyz")
        service.worker.go.set()
        return [ready, *await asyncio.gather(*requests)]

    ready, *answers = asyncio.run(press())
    assert ready.status == 503
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429, 429]
    assert all(
        int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status == 429
    )
    assert ask(service.app, "GET", "/readyz").status == 200


def test_a_client_that_goes_while_it_waits_costs_nothing(make):
    service = make()

    async def go() -> None:
        gone = asyncio.Event()
        first = asyncio.ensure_future(ask_async(service.app, "POST", "/v1/segment", b"slow"))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(
            ask_async(service.app, "POST", "/v1/segment", b"ok", gone=gone)
        )
        await asyncio.sleep(0.1)
        gone.set()
        await asyncio.wait_for(second, 5)
        service.worker.go.set()
        assert (await first).status == 200

    asyncio.run(go())
    assert service.worker.runs == 1


def test_long_work_for_a_client_that_has_gone_is_ended(make, monkeypatch):
    monkeypatch.setattr("pipeline.serve.segment_queue._KILLED_AFTER_S", 0.1)
    service = make()

    async def go() -> None:
        gone = asyncio.Event()
        request = asyncio.ensure_future(
            ask_async(service.app, "POST", "/v1/segment", b"slow", gone=gone)
        )
        await asyncio.sleep(0.3)
        gone.set()
        await asyncio.wait_for(request, 10)

    asyncio.run(go())
    assert service.worker.ended.is_set()


class TestJobs:
    def _run(self, service, *contents):
        async def go():
            body, headers = make_multipart(contents)
            begun = await ask_async(service.app, "POST", "/v1/studies", body, headers)
            for _ in range(100):
                told = await ask_async(service.app, "GET", begun.headers["location"])
                if told.json["status"] != "queued":
                    break
                await asyncio.sleep(0.05)
            results = await ask_async(service.app, "GET", f"{begun.headers['location']}/results")
            deleted = await ask_async(service.app, "DELETE", begun.headers["location"])
            again = await ask_async(service.app, "GET", begun.headers["location"])
            return begun, told, results, deleted, again

        return asyncio.run(go())

    def test_is_begun_told_fetched_and_deleted(self, service):
        begun, told, results, deleted, again = self._run(service, b"ok", b"skip", b"none")
        assert (begun.status, begun.json["status"]) == (202, "queued")
        assert told.json["status"] == "done"
        statuses = [(image["file"], image["status"]) for image in told.json["images"]]
        assert statuses == [(1, "ok"), (2, "skipped"), (3, "no_lesion")]
        with zipfile.ZipFile(io.BytesIO(results.body)) as packed:
            assert set(packed.namelist()) == {
                *("masks/00000.png", "masks/00002.png", "seg/00000.dcm"),
                *("sr/00000.dcm", "sr/00002.dcm", "results.csv", "lesions.csv"),
            }
        assert (deleted.status, again.status) == (204, 404)
        assert not list(service.scratch.folder.iterdir())

    def test_that_fails_tells_why(self, service):
        _, told, results, *_ = self._run(service, b"die")
        assert told.json["status"] == "failed"
        assert "signal 9" in told.json["reason"]
        assert results.status == 404

    def test_unknown_ones_are_not_found(self, service):
        for path in ("/v1/jobs/none", "/v1/jobs/none/results", "/v1/jobs/..%2f..%2fetc"):
            assert ask(service.app, "GET", path).status == 404

    def test_that_wait_are_bounded_and_can_be_deleted(self, make):
        service = make(most=1)

        async def go():
            first = await ask_async(service.app, "POST", "/v1/studies", b"slow")
            second = await ask_async(service.app, "POST", "/v1/studies", b"ok")
            early = await ask_async(service.app, "GET", f"{first.headers['location']}/results")
            await ask_async(service.app, "DELETE", first.headers["location"])
            service.worker.go.set()
            for _ in range(100):
                if not list(service.scratch.folder.iterdir()):
                    break
                await asyncio.sleep(0.05)
            return first.status, second.status, early.status

        assert asyncio.run(go()) == (202, 429, 409)
        assert not list(service.scratch.folder.iterdir())


def test_old_jobs_are_removed(tmp_path):
    from pipeline.serve.jobs import Jobs
    from pipeline.serve.segment_queue import SegmentQueue
    from pipeline.serve.serve_errors import FullError, UnknownJobError

    now = [0.0]

    async def go() -> None:
        queue = SegmentQueue(FakeWorker(), most=5, seconds=10)
        jobs = Jobs(tmp_path, queue, most=1, keep_s=60, clock=lambda: now[0])
        folder = jobs.make_folder()
        (folder / "images" / "00000").write_text("ok")
        job = jobs.start(folder, [folder / "images" / "00000"])
        await job.task
        assert jobs.find(job.name).status == "done"
        with pytest.raises(FullError):
            jobs.check_room()
        now[0] = 61.0
        jobs.check_room()
        with pytest.raises(UnknownJobError):
            jobs.find(job.name)

    asyncio.run(go())
    assert not list(tmp_path.iterdir())


def test_operations(service):
    service.segment(b"ok")
    service.segment(b"skip")
    lines = ask(service.app, "GET", "/metrics").body.decode().splitlines()
    assert 'breast_us_seg_requests_total{status="200"} 1.0' in lines
    assert 'breast_us_seg_requests_total{status="422"} 1.0' in lines
    assert "breast_us_seg_request_seconds_count 2.0" in lines
    assert "breast_us_seg_waiting 0.0" in lines


def test_description_has_examples(service):
    described = ask(service.app, "GET", "/openapi.json").json
    told = described["paths"]["/v1/segment"]["post"]
    assert set(told["responses"]["200"]["content"]) >= {JSON, PNG, DICOM}
    assert "example" in told["responses"]["200"]["content"][JSON]
    assert "multipart/form-data" in told["requestBody"]["content"]
    assert ask(service.app, "GET", "/docs").status == 404
