"""Read and parse the bodies of requests without stopping the server."""

import asyncio
import re
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from starlette.requests import ClientDisconnect

from pipeline.label.app.json_object import read_object
from pipeline.label.label_errors import BusyError, MediaTypeError, RequestError
from pipeline.server.scratch import Scratch

MOST_UPLOADS = 16
"""Forms that are received at a time."""
MOST_UPLOADED_BYTES = 4 << 30
"""Bytes on the disk of all forms that are received at a time."""

_MOST_FIELDS = 16
_LARGEST_FIELD = 1 << 20
_CHUNK = 1 << 18
_SUFFIX = re.compile(r"(\.[A-Za-z0-9]{1,5}){1,2}$")
_PICTURES = ("image/png", "application/octet-stream", "")


@dataclass
class Form:
    """A form sent by a client.

    Attributes:
        fields: text by name.
        files: temporary files by name, gone when the request ends; of their own names they have
            only the suffix.
        names: what the client calls the files, without folders.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def read_object(self, name: str) -> dict[str, Any]:
        """Read a field that is a JSON object, empty if it is missing.

        Raises:
            RequestError: it is not.
        """
        return read_object(self.fields.get(name, ""), name)

    def find_file(self, name: str) -> Path:
        """Find a file.

        Raises:
            RequestError: it is missing.
        """
        if name not in self.files:
            msg = f"expected a file called {name!r} in a form of multipart/form-data, got none"
            raise RequestError(msg)
        return self.files[name]


class FormReader:
    """Read forms, as a dependency of FastAPI.

    FastAPI's own way takes a form apart where all requests wait for it, and leaves to the routes
    what becomes of its files.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._places = threading.BoundedSemaphore(MOST_UPLOADS)
        self._room = _Room(MOST_UPLOADED_BYTES)

    async def __call__(self, request: Request) -> AsyncIterator[Form]:
        """Read the form of a request; without a body it is empty.

        Raises:
            MediaTypeError: the body is no form.
            RequestError: the form is damaged, or has too many or too long fields.
            BusyError: too many are received at this time, or too many bytes in total.
        """
        scratch = self._scratch.folder
        with (
            self._take_place(),
            self._room.lend() as take,
            tempfile.TemporaryDirectory(dir=scratch, ignore_cleanup_errors=True) as folder,
        ):
            body = Path(folder) / "body"
            await _receive(request, body, take)
            take(body.stat().st_size)  # its files are written beside it
            form = await run_in_threadpool(_parse, request.headers, body)
            body.unlink()
            yield form

    @contextmanager
    def _take_place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            msg = f"expected at most {MOST_UPLOADS} forms at a time: try again soon"
            raise BusyError(msg)
        try:
            yield
        finally:
            self._places.release()


class _Room:
    """A number of bytes that requests share."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._lock = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[Callable[[int], None]]:
        """Lend bytes step by step, until the end.

        Yields:
            Takes so many bytes more, or raises `BusyError`.
        """
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            with self._lock:
                if count > self._free:
                    msg = "expected fewer bytes of uploads at a time: try again soon"
                    raise BusyError(msg)
                self._free -= count
                taken += count

        try:
            yield take
        finally:
            with self._lock:
                self._free += taken


async def read_json(request: Request) -> dict[str, Any]:
    """Read a JSON object, as a dependency of FastAPI; without a body it is empty.

    Args:
        request: bounded by `Guards`.

    Raises:
        MediaTypeError: the body is said to be something else.
        RequestError: it is no JSON object.
    """
    content = await _read(request)
    kind = _find_type(request.headers)
    if content and kind not in ("", "application/json"):
        msg = "expected a body of type application/json, got another"
        raise MediaTypeError(msg)
    parsed: dict[str, Any] = await run_in_threadpool(read_object, content, "the body")
    return parsed


async def read_picture(request: Request) -> bytes:
    """Read the body of a request that is a mask, as a dependency of FastAPI.

    Args:
        request: bounded by `Guards`.

    Raises:
        MediaTypeError: the body is said to be something else.
    """
    if _find_type(request.headers) not in _PICTURES:
        msg = "expected a body of type image/png, got another"
        raise MediaTypeError(msg)
    return await _read(request)


async def _read(request: Request) -> bytes:
    try:
        return bytes(await request.body())
    except ClientDisconnect as error:
        msg = "expected the whole body, the client has ended before"
        raise RequestError(msg) from error


async def _receive(request: Request, path: Path, take: Callable[[int], None]) -> None:
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                take(len(chunk))
                await run_in_threadpool(file.write, chunk)
    except ClientDisconnect as error:
        msg = "expected the whole body, the client has ended before"
        raise RequestError(msg) from error


def _find_type(headers: Headers) -> str:
    return str(headers.get("content-type", "")).partition(";")[0].strip().lower()


def _parse(headers: Headers, body: Path) -> Form:
    if not body.stat().st_size:
        return Form()
    kind = _find_type(headers)
    try:
        if kind == "application/x-www-form-urlencoded":
            return _parse_fields(body)
        if kind == "multipart/form-data":
            return asyncio.run(_parse_parts(headers, body))
    except RequestError:
        raise
    except Exception as error:  # which one the parser raises depends on the damage
        msg = (
            f"expected a form of at most {_MOST_FIELDS} fields of {_LARGEST_FIELD} bytes, got one "
            "that is damaged or has more"
        )
        raise RequestError(msg) from error
    msg = "expected a form of multipart/form-data, got a body of another type"
    raise MediaTypeError(msg)


def _parse_fields(body: Path) -> Form:
    if body.stat().st_size > _LARGEST_FIELD:
        raise ValueError
    text = body.read_bytes().decode("ascii")
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    return Form(dict(pairs))


async def _parse_parts(headers: Headers, body: Path) -> Form:
    async def read() -> AsyncIterator[bytes]:
        with body.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    parser = MultiPartParser(
        headers,
        read(),
        max_files=_MOST_FIELDS,
        max_fields=_MOST_FIELDS,
        max_part_size=_LARGEST_FIELD,
    )
    form = Form()
    data = await parser.parse()
    try:
        for name, value in data.multi_items():
            if isinstance(value, str):
                form.fields[name] = value
            else:
                form.names[name] = re.split(r"[/\\]", value.filename or "")[-1]
                form.files[name] = _keep(value, body.with_name(f"{len(form.files)}"))
    finally:
        await data.close()
    if not form.fields and not form.files:
        raise ValueError  # its parts end nowhere, or have other limits than it says
    return form


def _keep(upload: UploadFile, folder: Path) -> Path:
    match = _SUFFIX.search(upload.filename or "")
    path = folder / ("upload" + (match[0] if match else ""))
    folder.mkdir(exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(upload.file, file, _CHUNK)
    return path
