"""The server: MONAI Label's routes, our page, and the guards before them."""

import contextlib
import logging
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_settings import LabelSettings
from pipeline.label.scratch import Scratch
from pipeline.label.shims import import_monailabel

logger = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
"""Addresses that only this machine reaches."""

_APP = Path(__file__).resolve().parent / "app"
_PAGE = Path(__file__).resolve().parent / "page"
_LAST_PORT = 65535
_MOST_CONNECTIONS = 256
_SECONDS_TO_END = 5


def make_server(
    settings: LabelSettings,
    *,
    host: str,
    names: Sequence[str] = (),
    allow_weights: bool = False,
) -> Any:
    """Make the server as an ASGI application; it does not listen yet.

    Args:
        settings: where everything is.
        host: address that it will listen on.
        names: further names under which it is reached, as that of a proxy before it.
        allow_weights: let clients replace the weights.

    Raises:
        ConfigError: the packages of the extra are missing, the studies do not exist, or MONAI
            Label's login is switched on, which our own routes do not have.
        ArchiveError: the archive does not answer.
    """
    if os.environ.get("MONAI_LABEL_AUTH_ENABLE", "").lower() in ("1", "true", "yes", "on"):
        msg = (
            "expected MONAI_LABEL_AUTH_ENABLE to be off, as the annotator page has no login: put "
            "a proxy with a login before the server"
        )
        raise ConfigError(msg)
    # Read when MONAI Label is imported: it would make folders and ask for updates.
    os.environ |= {"MONAI_LABEL_SESSIONS": "false", "MONAI_LABEL_AUTO_UPDATE_SCORING": "false"}
    import_monailabel()
    from pipeline.label.app.guards import Guards
    from pipeline.label.app.lesion_app import LesionApp

    label_app = LesionApp(str(_APP), settings.studies, {"settings": settings.to_json()})
    label_app.workbench.segmenter.prepare()
    count = label_app.workbench.recover()
    logger.info("%d labels were taken over from the archive", count)
    hosts = [*LOOPBACK, *names]
    is_open = host not in LOOPBACK
    if is_open:
        hosts += [host, socket.gethostname(), socket.getfqdn()]
    return Guards(
        _make_web(settings, label_app),
        hosts=tuple(name.lower() for name in hosts),
        any_address=is_open,
        allow_weights=allow_weights,
    )


def listen(host: str, port: int) -> socket.socket:
    """Take an address, so that it can be told to the user.

    Args:
        host: name or address.
        port: 0 takes any that is free.

    Raises:
        ConfigError: the port is taken or none, or there is no such address.
    """
    name = host.strip("[]")
    if not 0 <= port <= _LAST_PORT:
        msg = f"expected a --port from 0 to {_LAST_PORT}, got {port}"
        raise ConfigError(msg)
    try:
        family = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((name, port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = (
            f"expected to listen at {host}, port {port}, got: {reason}; choose another --port, or "
            "end the other server"
        )
        raise ConfigError(msg) from error


def serve(server: Any, listening: socket.socket) -> None:
    """Answer requests until interrupted.

    Args:
        server: of `make_server`.
        listening: of `listen`.
    """
    import uvicorn

    from pipeline.label.app.connection import Connection

    config = uvicorn.Config(
        server,
        http=Connection,
        ws="none",
        log_level="warning",
        access_log=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _make_web(settings: LabelSettings, label_app: Any) -> Any:
    from fastapi import FastAPI

    from pipeline.label.app.answers import PathHider, add_error_answers
    from pipeline.label.app.training import Training

    scratch = Scratch(Path(settings.state) / "scratch")
    # MONAI Label and Starlette take the folder from here.
    tempfile.tempdir = str(scratch.folder)
    own = [
        settings.state,
        settings.bundle_root,
        *([] if settings.is_remote else [settings.studies]),
    ]
    hider = PathHider([*own, scratch.folder])
    training = Training(settings, label_app.trainer, label_app.model, hider)
    jobs = {"inference": BackgroundJob("inference"), "scoring": BackgroundJob("scoring")}

    @contextlib.asynccontextmanager
    async def end_with_server(_: FastAPI) -> Any:
        yield
        training.stop()
        for job in jobs.values():
            job.stop()
        scratch.close()

    web = FastAPI(title="breast-us-seg label", openapi_url=None, lifespan=end_with_server)
    add_error_answers(web, hider)
    _add_routes(web, label_app, scratch, training, jobs)
    return web


def _add_routes(
    web: Any, label_app: Any, scratch: Scratch, training: Any, jobs: dict[str, BackgroundJob]
) -> None:
    from fastapi.responses import RedirectResponse
    from fastapi.staticfiles import StaticFiles

    from pipeline.label.app.annotate_api import make_annotate_api
    from pipeline.label.app.monai_api import make_monai_api

    web.include_router(make_annotate_api(label_app.workbench, label_app.sampler, training))
    web.include_router(make_monai_api(label_app, scratch, training=training, **jobs))
    if label_app.settings.is_remote:
        from pipeline.label.app.viewer import add_viewer

        add_viewer(web, label_app.workbench.studies.client)
    web.mount("/annotate", StaticFiles(directory=_PAGE, html=True))

    @web.get("/", include_in_schema=False)
    def open_page() -> RedirectResponse:
        return RedirectResponse("/annotate/")
