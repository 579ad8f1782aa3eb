"""The service as an ASGI application."""

import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from pipeline import RESEARCH_ONLY, __version__
from pipeline.serve.jobs import Jobs
from pipeline.serve.segment_api import make_segment_api
from pipeline.serve.segment_queue import SegmentQueue
from pipeline.server.answers import PathHider, add_error_answers
from pipeline.server.guards import App, Guards, Message, Receive, Refusal, Scope, Send
from pipeline.server.listen import LOOPBACK, list_hosts
from pipeline.server.scratch import Scratch
from pipeline.server.segment_worker import SegmentWorker

_SMALL = 1 << 16
_OPEN = ("/healthz", "/readyz")
"""What needs no token, as those who ask know nothing."""
_UPLOADS = ("/v1/segment", "/v1/studies")


def make_service(
    worker: SegmentWorker,
    scratch: Scratch,
    *,
    host: str = "127.0.0.1",
    names: Sequence[str] = (),
    token: str = "",
    most: int = 16,
    seconds: float = 600.0,
    largest_bytes: int = 512 << 20,
) -> Guards:
    """Make the service; it does not listen yet.

    Args:
        worker: segments.
        scratch: folder of temporary files; closed with the service.
        host: address that it will listen on.
        names: further names under which it is reached.
        token: that clients have to send; empty for none.
        most: images or studies that wait.
        seconds: after which one is given up.
        largest_bytes: of the body of a request.
    """
    queue = SegmentQueue(worker, most=most, seconds=seconds)
    jobs = Jobs(scratch.folder, queue)

    @asynccontextmanager
    async def end_with_server(_: FastAPI) -> AsyncIterator[None]:
        yield
        worker.close()
        scratch.close()

    web = FastAPI(
        title="breast-us-seg",
        version=__version__,
        description=f"Segments breast lesions in ultrasound. {RESEARCH_ONLY}",
        docs_url=None,  # its page comes from elsewhere, and nothing here needs the internet
        redoc_url=None,
        lifespan=end_with_server,
    )
    add_error_answers(web, PathHider([scratch.folder]))
    web.include_router(make_segment_api(queue, jobs, scratch.folder))
    counted = _add_operations(web, queue)
    return Guards(
        counted,
        hosts=list_hosts(host, names),
        any_address=host not in LOOPBACK,
        find_limit=lambda method, path: largest_bytes if path in _UPLOADS else _SMALL,
        judge=_make_judge(token),
    )


def _make_judge(token: str) -> Any:
    expected = f"Bearer {token}".encode()

    def judge(method: str, path: str, headers: Mapping[str, str]) -> Refusal | None:
        if not token or path in _OPEN:
            return None
        given = headers.get("authorization", "").encode("latin-1", "replace")
        if hmac.compare_digest(given, expected):
            return None
        return 401, "expected the header Authorization: Bearer TOKEN, with the service's token"

    return judge


def _add_operations(web: FastAPI, queue: SegmentQueue) -> App:
    registry = CollectorRegistry()
    requests = Counter(
        "breast_us_seg_requests", "Answers by their status", ["status"], registry=registry
    )
    seconds = Histogram(
        "breast_us_seg_request_seconds",
        "Time from a request to segment to its answer",
        registry=registry,
    )
    waiting = Gauge(
        "breast_us_seg_waiting", "Images and studies that wait or are worked on", registry=registry
    )
    waiting.set_function(lambda: queue.waiting)

    @web.get("/healthz", tags=["Operations"])
    def tell_health() -> Response:
        return JSONResponse({"status": "ok"})

    @web.get("/readyz", tags=["Operations"])
    def tell_ready() -> Response:
        is_full = queue.waiting >= queue.most
        return JSONResponse({"status": "full" if is_full else "ok"}, 503 if is_full else 200)

    @web.get("/metrics", tags=["Operations"])
    def tell_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def count(scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                requests.labels(str(message["status"])).inc()
            await send(message)

        if scope["type"] != "http":
            await web(scope, receive, send)
        elif scope["path"] == "/v1/segment":
            with seconds.time():
                await web(scope, receive, note)
        else:
            await web(scope, receive, note)

    return count
