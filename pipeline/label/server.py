"""The server: MONAI Label's routes, our page, and the guards in front of them."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_settings import LabelSettings
from pipeline.server.listen import LOOPBACK, list_hosts
from pipeline.server.scratch import Scratch

logger = logging.getLogger(__name__)

_PAGE = Path(__file__).resolve().parent / "page"


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
    try:
        from pipeline.label.app.label_guards import make_label_guards
        from pipeline.label.app.lesion_app import LesionApp
        from pipeline.label.app.monai_api import make_monai_api  # noqa: F401
    except ImportError as error:
        msg = (
            f"expected the packages of the extra 'label', {error.name} is missing: see "
            "docs/label.md for how to install them"
        )
        raise ConfigError(msg) from error

    label_app = LesionApp(settings)
    label_app.workbench.segmenter.prepare()
    count = label_app.workbench.recover()
    logger.info("%d labels were taken over from the archive", count)
    return make_label_guards(
        _make_web(settings, label_app),
        hosts=list_hosts(host, names),
        any_address=host not in LOOPBACK,
        allow_weights=allow_weights,
    )


def _make_web(settings: LabelSettings, label_app: Any) -> Any:
    from fastapi import FastAPI

    from pipeline.label.app.training import Training
    from pipeline.server.answers import PathHider, add_error_answers

    scratch = Scratch(Path(settings.state) / "scratch")
    # Starlette takes the folder from here.
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
