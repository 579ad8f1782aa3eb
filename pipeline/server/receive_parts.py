"""The files of a request, streamed to the disk: one body, or the parts of a multipart one."""

import re
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from pipeline.server.request_errors import RequestError

MOST_PARTS = 2000
"""Files of a request."""

_BOUNDARY = re.compile(r"boundary=(?:\"([^\"]{1,70})\"|([^\s;,\"]{1,70}))", re.IGNORECASE)


async def receive_parts(request: Request, folder: Path, *, most: int = MOST_PARTS) -> list[Path]:
    """Write each file of a request into a folder.

    Nothing that a client calls them becomes a name.

    Args:
        request: bounded by `Guards`; ``multipart/related``, ``multipart/form-data``, or one file
            of any other type, as clients name types that they do not mean.
        folder: is there.
        most: files.

    Returns:
        The files, in the order of the request, called ``00000`` and so on.

    Raises:
        RequestError: the body is empty, damaged, ends too early or has too many parts.
    """
    kind = request.headers.get("content-type", "").lower()
    parts = _Parts(folder, most)
    multipart = None
    if kind.startswith("multipart/"):
        multipart = _make_parser(request.headers["content-type"], parts)
    else:
        parts.begin()
    try:
        async for chunk in request.stream():
            if chunk:
                await run_in_threadpool(multipart.write if multipart else parts.write, chunk)
        if multipart is None:
            parts.end()
    except ClientDisconnect as error:
        msg = "expected the whole body, the client has ended before"
        raise RequestError(msg) from error
    except ValueError as error:  # MultipartParseError is one
        msg = "expected a body of multipart, got a damaged one"
        raise RequestError(msg) from error
    finally:
        parts.close()
    if not parts.paths or parts.is_open or not any(path.stat().st_size for path in parts.paths):
        msg = "expected a file, got an empty or unfinished body"
        raise RequestError(msg)
    return parts.paths


class _Parts:
    """Files that are being written."""

    def __init__(self, folder: Path, most: int) -> None:
        self.paths: list[Path] = []
        self.is_open = False
        self._folder = folder
        self._most = most
        self._file: BinaryIO | None = None

    def begin(self) -> None:
        if len(self.paths) == self._most:
            msg = f"expected at most {self._most} files, got more"
            raise RequestError(msg)
        path = self._folder / f"{len(self.paths):05d}"
        self._file = path.open("wb")
        self.is_open = True
        self.paths.append(path)

    def write(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])

    def end(self) -> None:
        self.close()
        self.is_open = False

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _make_parser(content_type: str, parts: _Parts) -> Any:
    from python_multipart.multipart import MultipartParser

    found = _BOUNDARY.search(content_type)
    if found is None:
        msg = "expected a boundary in the Content-Type, got none"
        raise RequestError(msg)
    callbacks: Any = {
        "on_part_begin": parts.begin,
        "on_part_data": parts.write,
        "on_part_end": parts.end,
    }
    return MultipartParser((found[1] or found[2]).encode("latin-1"), callbacks)
