"""The routes that clients of MONAI Label use, as far as they suit 2D images."""

import logging
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse

from pipeline.errors import ConfigError, WriteError
from pipeline.label.app.datastore_api import make_datastore_api
from pipeline.label.app.infer_api import make_infer_api
from pipeline.label.app.lesion_app import LesionApp
from pipeline.label.app.request_body import Form, FormReader, read_json
from pipeline.label.app.task_api import make_task_api
from pipeline.label.app.training import Training
from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_errors import RequestError
from pipeline.server.answers import as_json
from pipeline.server.scratch import Scratch

logger = logging.getLogger(__name__)

_LONGEST_CLIENT = 100


def make_monai_api(
    app: LesionApp,
    scratch: Scratch,
    *,
    training: Training,
    inference: BackgroundJob,
    scoring: BackgroundJob,
) -> APIRouter:
    """Make the routes.

    Names, queries and answers are those of MONAI Label; the code is our own, as its coroutines
    compute, so that one of them stops all requests, take any path of this machine for an image,
    and leave uploads in the temporary folder. Its routes for sessions, logs, slides and login are
    left out.
    """
    router = APIRouter()
    read_form = FormReader(scratch)
    _add_info(router, app)
    _add_weights(router, app, Depends(read_form))
    router.include_router(make_infer_api(app, read_form, inference))
    router.include_router(make_datastore_api(app, read_form))
    router.include_router(make_task_api(app, training, scoring))
    return router


def _add_info(router: APIRouter, app: LesionApp) -> None:
    @router.get("/info/", tags=["App"])
    def describe() -> Response:
        return as_json(app.describe())

    @router.post("/activelearning/{strategy}", tags=["ActiveLearning"])
    def choose_next(
        strategy: str, options: Annotated[dict[str, Any], Depends(read_json)]
    ) -> Response:
        chosen = app.sampler.choose(strategy)
        if chosen is None:
            return as_json({})
        name = chosen[0].name_frame(chosen[1])
        client = str(options.get("client_id") or "")[:_LONGEST_CLIENT]
        note = {strategy: {"ts": int(time.time()), "client_id": client}}
        try:
            app.datastore.update_image_info(name, {"strategy": note})
        except WriteError as error:
            logger.warning("it is not noted that an image was offered: %s", error)
        return as_json({"id": name, **app.datastore.get_image_info(name)})


def _add_weights(router: APIRouter, app: LesionApp, form: Any) -> None:
    weights = app.workbench.segmenter.weights

    @router.get("/model/{model}", tags=["Model"])
    def load_weights(model: str) -> Response:
        app.check_model(model)
        return FileResponse(weights.path, filename="model.pt")

    @router.get("/model/info/{model}", tags=["Model"])
    def describe_weights(model: str) -> dict[str, Any]:
        app.check_model(model)
        identity = app.workbench.segmenter.identify()
        return {"checksum": f"SHA256:{identity.weights_sha256}", "name": weights.name}

    @router.put("/model/{model}", tags=["Model"])
    def replace_weights(model: str, sent: Annotated[Form, form]) -> dict[str, str]:
        app.check_model(model)
        path = sent.find_file("file")
        try:
            app.workbench.segmenter.check(path)
        except ConfigError as error:
            raise RequestError(str(error)) from error
        return {"name": weights.install(path.read_bytes())}
