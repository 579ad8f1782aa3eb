"""Answers: values as JSON, and errors that name nothing of this machine."""

import json
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from pipeline.errors import PipelineError, WriteError
from pipeline.server.request_errors import RequestError

logger = logging.getLogger(__name__)

_FOLDERS = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^\s/\\:'\"]+[/\\])+")
"""The folders of an absolute path."""


class PathHider:
    """Take folders of this machine out of messages; names relative to the studies stay.

    Args:
        folders: whose names may have spaces, so that nothing but knowing them finds their end.
    """

    def __init__(self, folders: Iterable[str | Path]) -> None:
        self._folders = sorted({str(folder) for folder in folders}, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Shorten paths in a text."""
        for folder in self._folders:
            text = text.replace(folder + os.sep, "").replace(folder, "the folder")
        return _FOLDERS.sub("", text)


def as_json(value: Any) -> Response:
    """Make an answer, here and not where all requests wait for it.

    Args:
        value: as JSON.
    """
    return Response(json.dumps(value, allow_nan=False), media_type="application/json")


def add_error_answers(web: FastAPI, hider: PathHider) -> None:
    """Answer errors by ``{"detail": ...}``.

    A mistake of the client is explained to it. What is wrong with the server goes to its
    log: messages of its own files are for nobody else.
    """

    @web.exception_handler(RequestError)
    def answer_refusal(_: Request, error: RequestError) -> JSONResponse:
        detail = {"detail": hider.hide(str(error))}
        return JSONResponse(detail, error.status, headers=error.headers)

    @web.exception_handler(RequestValidationError)
    def answer_fields(_: Request, error: RequestValidationError) -> JSONResponse:
        # Without the values, which need not be JSON.
        details = [{"loc": found["loc"], "msg": found["msg"]} for found in error.errors()]
        return JSONResponse({"detail": details}, status_code=422)

    @web.exception_handler(PipelineError)
    def answer_own(_: Request, error: PipelineError) -> JSONResponse:
        logger.error("a request has failed", exc_info=error)
        cause = error.__cause__
        if isinstance(error, WriteError) and isinstance(cause, OSError):
            detail = f"the server cannot write its files: {cause.strerror}"
        else:
            detail = f"the server has failed: {hider.hide(str(error))}"
        return JSONResponse({"detail": detail}, status_code=500)

    @web.exception_handler(Exception)
    def answer_unexpected(_: Request, error: Exception) -> JSONResponse:
        detail = f"the server has failed with {type(error).__name__}: its log says where"
        return JSONResponse({"detail": detail}, status_code=500)
