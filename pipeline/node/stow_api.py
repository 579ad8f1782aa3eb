"""STOW-RS (PS3.18 section 10.5): images by HTTP, into the same queue."""

import hmac
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydicom import Dataset
from pydicom.uid import UID

from pipeline.errors import ReadError
from pipeline.node.intake import Intake
from pipeline.node.node_config import NodeConfig
from pipeline.node.refused_error import RefusedError
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.read_values import read_values
from pipeline.server.read_secret import read_secret
from pipeline.server.receive_parts import receive_parts

_JSON = "application/dicom+json"
_ALL, _SOME, _NONE = 200, 202, 409


def make_stow_api(config: NodeConfig, intake: Intake) -> APIRouter:
    """Make the route.

    Args:
        config: its sources with a token may store.
        intake: takes images.

    Raises:
        ConfigError: a token cannot be read.
    """
    router = APIRouter()
    tokens = {
        source.name: read_secret(source.token_file).encode()
        for source in config.source
        if source.token_file is not None
    }

    @router.post("/dicom-web/studies")
    @router.post("/dicom-web/studies/{study}")
    async def store(request: Request, study: str = "") -> Response:
        source = _find_source(request, tokens)
        if source is None:
            return JSONResponse({"detail": "expected the token of a source"}, 401)
        with tempfile.TemporaryDirectory(dir=intake.spool.incoming) as folder:
            paths = await receive_parts(request, Path(folder))
            stored = Dataset()
            stored.ReferencedSOPSequence, stored.FailedSOPSequence = [], []
            for path in paths:
                await run_in_threadpool(_store, intake, path, source, config.receive.aet, stored)
        count = len(stored.ReferencedSOPSequence)
        status = _ALL if count == len(paths) else _SOME if count else _NONE
        return Response(stored.to_json(), status, media_type=_JSON)

    return router


def _find_source(request: Request, tokens: dict[str, bytes]) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    given = token.strip().encode("utf-8", "surrogateescape")
    # All are compared, so that the time reveals nothing.
    found = [name for name, each in tokens.items() if hmac.compare_digest(given, each)]
    return found[0] if found else None


def _store(intake: Intake, path: Path, source: str, called: str, answer: Dataset) -> None:
    item = _name_instance(path)
    try:
        intake.store(path, source=source, called=called)
    except RefusedError as error:
        item.FailureReason = error.refusal.value
        answer.FailedSOPSequence.append(item)
    else:
        answer.ReferencedSOPSequence.append(item)


def _name_instance(path: Path) -> Dataset:
    item = Dataset()
    try:
        dataset = DicomHeader(path).dataset
    except ReadError:
        return item
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        values: list[Any] = read_values(dataset, keyword)
        if len(values) == 1 and UID(str(values[0])).is_valid:
            setattr(item, f"Referenced{keyword}", str(values[0]))
    return item
