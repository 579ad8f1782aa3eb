"""The routes of the service."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse

from pipeline import RESEARCH_ONLY, __version__
from pipeline.serve.choose_output import MEDIA_TYPES, Output, choose_output
from pipeline.serve.jobs import Job, Jobs
from pipeline.serve.read_output import find_mask, find_object, read_output
from pipeline.serve.segment_queue import SegmentQueue
from pipeline.serve.serve_docs import JOB_RESPONSES, SEGMENT_BODY, SEGMENT_RESPONSES, STUDY_BODY
from pipeline.serve.serve_errors import NotAcceptableError, UnknownJobError, UnreadableError
from pipeline.server.receive_parts import receive_parts
from pipeline.server.request_errors import ConflictError

_GONE = 499
"""Status for a client that has gone; nobody reads it."""
_SEGMENTED = ("ok", "no_lesion")


def make_segment_api(queue: SegmentQueue, jobs: Jobs, scratch: Path) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1")

    @router.post(
        "/segment", responses=SEGMENT_RESPONSES, openapi_extra=SEGMENT_BODY, tags=["Segment"]
    )
    async def segment(
        request: Request,
        output: Annotated[Output | None, Query(description="wins over the header *Accept*")] = None,
        frame: Annotated[int | None, Query(ge=1, description="of a cine, for its mask")] = None,
    ) -> Response:
        """Segment one image and answer with what the client accepts."""
        wanted = choose_output(request.headers.get("accept", ""), output)

        async def is_wanted() -> bool:
            return not await request.is_disconnected()

        with queue.place(), tempfile.TemporaryDirectory(dir=scratch) as folder:
            images, results = Path(folder) / "images", Path(folder) / "output"
            images.mkdir()
            (path,) = await receive_parts(request, images, most=1)
            if not await queue.run(images, results, is_wanted):
                return Response(status_code=_GONE)
            return await run_in_threadpool(_answer, results, path.name, wanted, frame)

    @router.post(
        "/studies",
        status_code=202,
        responses=JOB_RESPONSES,
        openapi_extra=STUDY_BODY,
        tags=["Jobs"],
    )
    async def begin(request: Request) -> Response:
        """Take many images, and segment them while the client does something else."""
        jobs.check_room()
        folder = jobs.make_folder()
        try:
            job = jobs.start(folder, await receive_parts(request, folder / "images"))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return JSONResponse(_describe(job), 202, headers={"Location": f"/v1/jobs/{job.name}"})

    @router.get("/jobs/{job}", responses=JOB_RESPONSES, tags=["Jobs"])
    async def describe(job: str) -> Response:
        """Say how far a job is, and what came of its images."""
        return JSONResponse(_describe(jobs.find(job)))

    @router.get("/jobs/{job}/results", tags=["Jobs"], response_class=FileResponse)
    async def fetch(job: str) -> Response:
        """Give masks, DICOM objects and tables of a job that is done, as a ZIP."""
        found = jobs.find(job)
        if found.status == "queued":
            msg = "expected a job that is done: ask again later"
            raise ConflictError(msg)
        if not found.archive.exists():
            raise UnknownJobError
        return FileResponse(found.archive, media_type="application/zip")

    @router.delete("/jobs/{job}", status_code=204, tags=["Jobs"])
    async def delete(job: str) -> Response:
        """Delete a job and its files, done or not."""
        jobs.delete(job)
        return Response(status_code=204)

    return router


def _answer(results: Path, name: str, wanted: Output, frame: int | None) -> Response:
    images = read_output(results, [name])
    if not any(image["status"] in _SEGMENTED for image in images):
        reason = images[0]["reason"] if images else "there is no image in it"
        msg = f"the image cannot be segmented: {reason}"
        raise UnreadableError(msg)
    if wanted is Output.JSON:
        return JSONResponse({**_describe_service(), "images": images})
    if wanted is Output.PNG:
        path = find_mask(results, name, frame)
        if path is None:
            msg = f"expected ?frame= from 1 to {len(images)} for a mask"
            raise NotAcceptableError(msg)
    else:
        if find_object(results, Output.SR.value) is None:
            notes = "; ".join(filter(None, {image["quality"] for image in images}))
            msg = f"expected a DICOM image for a DICOM object{f' ({notes})' if notes else ''}"
            raise NotAcceptableError(msg)
        path = find_object(results, wanted.value)
        if path is None:
            return Response(status_code=204)  # a segmentation cannot say that there is no lesion
    return Response(path.read_bytes(), media_type=MEDIA_TYPES[wanted])


def _describe(job: Job) -> Mapping[str, Any]:
    described = {"id": job.name, "status": job.status, **_describe_service(), "images": job.images}
    return {**described, "reason": job.reason} if job.reason else described


def _describe_service() -> dict[str, str]:
    return {"software": f"breast-us-seg {__version__}", "notice": RESEARCH_ONLY}
