"""MONAI Label's routes for training and scoring."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from pipeline.label.app.json_object import choose
from pipeline.label.app.lesion_app import LesionApp
from pipeline.label.app.request_body import read_json
from pipeline.label.app.training import Training, read_epochs
from pipeline.label.background_job import BackgroundJob
from pipeline.label.label_errors import UnknownImageError

Options = Annotated[dict[str, Any], Depends(read_json)]


def make_task_api(app: LesionApp, training: Training, scoring: BackgroundJob) -> APIRouter:
    """Make the routes."""
    router = APIRouter()
    _add_training(router, app, training)
    _add_scoring(router, app, scoring)
    return router


def _add_training(router: APIRouter, app: LesionApp, training: Training) -> None:
    @router.post("/train/", tags=["Train"])
    @router.post("/train/{model}", tags=["Train"])
    def train(options: Options, model: str = app.model) -> Any:
        app.check_model(model)
        return training.start(read_epochs(choose(options, model, dict, {}) | options))

    @router.get("/train/", tags=["Train"])
    def describe(all: bool = False, check_if_running: bool = False) -> Any:  # noqa: A002
        return training.describe(everything=all, running=check_if_running)

    @router.delete("/train/", tags=["Train"])
    def stop() -> Any:
        return training.stop()


def _add_scoring(router: APIRouter, app: LesionApp, scoring: BackgroundJob) -> None:
    def start(method: str, run_sync: bool) -> Any:
        request = {"method": method}
        return scoring.start(request, lambda _: app.score(), wait=run_sync)

    @router.post("/scoring/", tags=["Scoring"])
    def score_all(options: Options, run_sync: bool = False) -> dict[str, Any]:
        return {name: {"result": start(name, run_sync), "detail": None} for name in app.methods}

    @router.post("/scoring/{method}", tags=["Scoring"])
    def score(options: Options, method: str, run_sync: bool = False) -> Any:
        if method not in app.methods:
            msg = f"expected a method of {', '.join(app.methods)}, got another"
            raise UnknownImageError(msg)
        return start(method, run_sync)

    @router.get("/scoring/", tags=["Scoring"])
    def describe(all: bool = False, check_if_running: bool = False) -> Any:  # noqa: A002
        return scoring.describe(everything=all, running=check_if_running)

    @router.delete("/scoring/", tags=["Scoring"])
    def stop() -> Any:
        return scoring.stop()
