"""MONAI Label's OHIF viewer, and its way to the archive."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from pipeline.label.dicomweb_client import DicomwebClient
from pipeline.label.label_errors import ArchiveError, UnknownImageError

_PATH = re.compile(r"(studies|series|instances)(/[A-Za-z0-9.,]+)*/?")
"""Resources of DICOMweb; no empty, no dotted and no escaped steps."""
_SECONDS = (5.0, 60.0)
_CHUNK = 1 << 20


def add_viewer(web: FastAPI, client: DicomwebClient) -> None:
    """Let a viewer read the archive, and serve MONAI Label's own where it is installed.

    MONAI Label passes any path on to the archive with the server's password, also
    ``../instances``, by which Orthanc's own interface can be reached, and any object to store. Here
    only resources of DICOMweb are passed on, and only to be read.
    """
    router = APIRouter()
    _add_archive(router, client)
    _add_pages(router)
    web.include_router(router)


def _add_archive(router: APIRouter, client: DicomwebClient) -> None:
    import requests

    @router.get("/proxy/dicom/{service}/{path:path}", include_in_schema=False)
    def read_archive(request: Request, service: str, path: str) -> Response:
        steps = path.split("/")
        if service not in ("qido", "wado") or not _PATH.fullmatch(path) or ".." in steps:
            msg = "expected a resource of DICOMweb to read, got another path"
            raise UnknownImageError(msg)
        headers = {"Accept": request.headers.get("accept", "*/*")}
        try:
            answer = client.session.get(
                f"{client.url}/{path}",
                params=request.query_params.multi_items(),
                headers=headers,
                stream=True,
                timeout=_SECONDS,
            )
        except requests.RequestException as error:
            msg = f"expected the archive to answer, got {type(error).__name__}: is it running?"
            raise ArchiveError(msg) from error
        media_type = answer.headers.get("Content-Type", "application/octet-stream")
        chunks = answer.iter_content(_CHUNK)
        return StreamingResponse(chunks, status_code=answer.status_code, media_type=media_type)


def _add_pages(router: APIRouter) -> None:
    spec = find_spec("monailabel")  # its files are served, nothing of it is run
    if spec is None or not spec.submodule_search_locations:
        return
    pages = Path(spec.submodule_search_locations[0]) / "endpoints" / "static" / "ohif"

    @router.get("/ohif/{path:path}", include_in_schema=False)
    def open_viewer(path: str) -> Any:
        found = _find_page(pages, path)
        return FileResponse(found if found is not None else pages / "index.html")


def _find_page(pages: Path, path: str) -> Path | None:
    try:
        found = (pages / path).resolve()
        is_page = found.is_file() and found.is_relative_to(pages.resolve())
    except (OSError, ValueError):
        return None  # too long, or no name at all
    return found if is_page else None
