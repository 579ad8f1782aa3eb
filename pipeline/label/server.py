"""The server: MONAI Label's routes, our page, and the guards before them."""

import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, PipelineError
from pipeline.label.label_errors import ConflictError, RequestError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.shims import import_monailabel
from pipeline.label.trainer_status import TrainerStatus

logger = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
"""Addresses that only this machine reaches."""

_APP = Path(__file__).resolve().parent / "app"
_PAGE = Path(__file__).resolve().parent / "page"
_BUSY = ("SUBMITTED", "RUNNING")


def make_server(
    settings: LabelSettings,
    *,
    host: str,
    port: int,
    names: Sequence[str] = (),
    allow_weights: bool = False,
) -> Any:
    """Make the server as an ASGI application; it does not listen yet.

    Args:
        settings: where everything is.
        host: address that it will listen on.
        port: port that it will listen on.
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
    _set_environment(settings, port)
    import_monailabel()
    from fastapi import FastAPI
    from monailabel.interfaces.utils.app import apps

    from pipeline.label.app.guards import Guards
    from pipeline.label.app.lesion_app import LesionApp

    label_app = LesionApp(str(_APP), settings.studies, _make_conf(settings))
    label_app.workbench.segmenter.prepare()
    label_app.server_mode(True)
    apps[f"{_APP}{settings.studies}"] = label_app
    count = label_app.workbench.recover()
    logger.info("%d labels were taken over from the archive", count)

    @asynccontextmanager
    async def stop_training(_: FastAPI) -> Any:
        yield
        from monailabel.utils.async_tasks.task import AsyncTask

        for task in ("train", "batch_infer", "scoring"):
            AsyncTask.stop(task)

    web = FastAPI(
        title="breast-us-seg label", docs_url=None, redoc_url=None, lifespan=stop_training
    )
    _add_errors(web)
    _add_routes(web, label_app)
    hosts = [*LOOPBACK, *names]
    is_open = host not in LOOPBACK
    if is_open:
        hosts += [host, socket.gethostname(), socket.getfqdn()]
    return Guards(
        web,
        hosts=tuple(name.lower() for name in hosts),
        any_address=is_open,
        allow_weights=allow_weights,
    )


def _set_environment(settings: LabelSettings, port: int) -> None:
    """Tell MONAI Label, and the processes that it starts, what its own command line would."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ |= {
        "MONAI_LABEL_APP_DIR": str(_APP),
        "MONAI_LABEL_STUDIES": settings.studies,
        "MONAI_LABEL_APP_CONF": json.dumps(_make_conf(settings)),
        "MONAI_LABEL_SERVER_PORT": str(port),
        "MONAI_LABEL_AUTO_UPDATE_SCORING": "false",
        "MONAI_LABEL_SESSIONS": "false",
        "MONAI_LABEL_TRACKING_ENABLED": "false",
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
    }
    if "monailabel.config" in sys.modules:  # read once, when it is imported
        from monailabel.config import settings as known

        known.MONAI_LABEL_APP_DIR = str(_APP)
        known.MONAI_LABEL_STUDIES = settings.studies
        known.MONAI_LABEL_APP_CONF = _make_conf(settings)
        known.MONAI_LABEL_SERVER_PORT = port


def _make_conf(settings: LabelSettings) -> dict[str, str]:
    return {"settings": settings.to_json()}


def _add_routes(web: Any, label_app: Any) -> None:
    from fastapi.responses import RedirectResponse
    from fastapi.staticfiles import StaticFiles
    from monailabel.utils.async_tasks.task import AsyncTask

    from pipeline.label.app.annotate_api import make_annotate_api
    from pipeline.label.app.lesion_app import MODEL
    from pipeline.label.app.monai_api import make_monai_api

    def is_training() -> bool:
        task, _ = AsyncTask.status("train")
        return task is not None and task["status"] in _BUSY

    def read_status() -> TrainerStatus:
        status = TrainerStatus.read(label_app.trainer.status_file)
        if is_training():
            return TrainerStatus("running", status.epoch, status.epochs)
        if status.status == "running":
            return TrainerStatus("failed", status.epoch, status.epochs, "the training was killed")
        return status

    def start_training(epochs: int) -> dict[str, Any]:
        if is_training():
            msg = "expected one training at a time, one is running"
            raise ConflictError(msg)
        if not label_app.datastore().get_labeled_images():
            msg = "expected at least one saved label to train on, there is none"
            raise ConflictError(msg)
        TrainerStatus("running", 0, epochs).write(label_app.trainer.status_file)
        task, _ = AsyncTask.run("train", {"model": MODEL}, {"max_epochs": epochs}, enqueue=True)
        return dict(task)

    web.include_router(
        make_annotate_api(
            label_app.workbench,
            label_app.sampler,
            read_status=read_status,
            start_training=start_training,
        )
    )
    web.include_router(make_monai_api(label_app, start_training))
    if label_app.settings.is_remote:
        from pipeline.label.app.viewer import add_viewer

        add_viewer(web, label_app.workbench.studies.client)
    web.mount("/annotate", StaticFiles(directory=_PAGE, html=True))

    @web.get("/", include_in_schema=False)
    def open_page() -> RedirectResponse:
        return RedirectResponse("/annotate/")


def _add_errors(web: Any) -> None:
    from fastapi import Request
    from fastapi.responses import JSONResponse

    @web.exception_handler(PipelineError)
    def tell(_: Request, error: PipelineError) -> JSONResponse:
        status = error.status if isinstance(error, RequestError) else 500
        return JSONResponse({"detail": str(error)}, status_code=status)
