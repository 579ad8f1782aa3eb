"""MONAI Label's own routes, those that suit, and ours in place of the others."""

import inspect
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from monailabel.endpoints import (
    activelearning,
    batch_infer,
    datastore,
    info,
    scoring,
    train,
)
from requests_toolbelt import MultipartEncoder
from starlette.background import BackgroundTask

from pipeline.errors import ConfigError
from pipeline.label.app.lesion_app import MODEL, LesionApp
from pipeline.label.app.lesion_train import read_epochs
from pipeline.label.app.upload import keep_upload
from pipeline.label.corrected_seg import build_seg
from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.mask_file import encode_grey

_STOCK = (activelearning, batch_infer, datastore, info, scoring, train)
_REPLACED = {
    ("GET", "/datastore/dataset"),
    ("GET", "/datastore/image"),
    ("PUT", "/datastore/"),
    ("PUT", "/datastore/image"),
    ("POST", "/train/"),
    ("POST", "/train/{model}"),
}
_TYPES = {".png": "image/png", ".nii": "application/octet-stream"}


def make_monai_api(app: LesionApp, start_training: Callable[[int], dict[str, Any]]) -> APIRouter:
    """Make the routes that clients of MONAI Label use.

    Left out are those for sessions (archives that are unpacked), logs, slides and login.

    Args:
        app: of the studies.
        start_training: begins a training of so many epochs, and tells what MONAI Label keeps of it.
    """
    router = APIRouter()
    _add_infer(router, app)
    _add_images(router, app)
    _add_dataset(router, app)
    _add_weights(router, app)
    _add_training(router, start_training)
    for module in _STOCK:
        for route in module.router.routes:
            _add_stock(router, route)
    return router


def _add_infer(router: APIRouter, app: LesionApp) -> None:
    @router.post("/infer/{model}", tags=["Infer"])
    def infer(
        model: str,
        image: str = "",
        params: Annotated[str, Form()] = "{}",
        file: Annotated[UploadFile | None, File()] = None,
        output: str = "all",
    ) -> Response:
        options = _parse(params)
        request = {"model": model, "image": image, **_choose(options)}
        if file is None:
            return _answer(app, request, output)
        with keep_upload(file) as path:
            return _answer(app, request | {"upload": str(path)}, output)


def _add_images(router: APIRouter, app: LesionApp) -> None:
    @router.put("/datastore/", tags=["Datastore"])
    @router.put("/datastore/image", tags=["Datastore"])
    def add_image(
        file: Annotated[UploadFile, File()],
        image: str = "",
        params: Annotated[str, Form()] = "{}",
    ) -> dict[str, str]:
        name = image or Path(file.filename or "").name
        with keep_upload(file) as path:
            image_id = app.datastore().add_image(name, str(path), _parse(params))
        return {"image": image_id}

    @router.get("/datastore/image", tags=["Datastore"])
    def load_image(image: str) -> Response:
        found, number = app.workbench.find(image)
        if app.workbench.place(found, number) is not None:
            path, _ = app.workbench.locate(found, number)
            return FileResponse(path, filename=path.name)
        view, _ = app.workbench.view(found, number)
        return Response(encode_grey(view), media_type="image/png")


def _add_dataset(router: APIRouter, app: LesionApp) -> None:
    @router.get("/datastore/dataset", tags=["Datastore"])
    def load_dataset(limit_cases: int | None = None) -> Response:
        path = Path(app.datastore().get_dataset_archive(limit_cases))
        # It has images of patients, and must not stay in the temporary folder.
        remove = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, filename="dataset.zip", background=remove)


def _add_weights(router: APIRouter, app: LesionApp) -> None:
    weights = app.workbench.segmenter.weights

    @router.get("/model/{model}", tags=["Model"])
    def load_weights(model: str) -> Response:
        _check_model(model)
        return FileResponse(weights.path, filename="model.pt")

    @router.get("/model/info/{model}", tags=["Model"])
    def describe_weights(model: str) -> dict[str, Any]:
        _check_model(model)
        identity = app.workbench.segmenter.identify()
        return {"checksum": f"SHA256:{identity.weights_sha256}", "name": weights.name}

    @router.put("/model/{model}", tags=["Model"])
    def replace_weights(model: str, file: Annotated[UploadFile, File()]) -> dict[str, str]:
        _check_model(model)
        with keep_upload(file) as path:
            try:
                app.workbench.segmenter.check(path)
            except ConfigError as error:
                raise RequestError(str(error)) from error
            return {"name": weights.install(path.read_bytes())}


def _add_training(router: APIRouter, start_training: Callable[[int], dict[str, Any]]) -> None:
    @router.post("/train/", tags=["Train"])
    @router.post("/train/{model}", tags=["Train"])
    def train_model(model: str = MODEL, params: dict[str, Any] | None = None) -> dict[str, Any]:
        _check_model(model)
        options = params or {}
        return start_training(read_epochs(options.get(model, {}) | options))


def _add_stock(router: APIRouter, route: Any) -> None:
    if not isinstance(route, APIRoute):
        return
    methods = {method for method in route.methods if (method, route.path) not in _REPLACED}
    if methods:
        router.add_api_route(
            route.path,
            _run_in_thread(route.endpoint),
            methods=sorted(methods),
            tags=route.tags,
            summary=route.summary,
            include_in_schema=route.include_in_schema,
        )


def _run_in_thread(endpoint: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """Make an endpoint that FastAPI runs in a thread.

    MONAI Label's are coroutines that wait for nothing, so that one of them stops the whole server
    for as long as it computes.
    """

    def run(**arguments: Any) -> Any:
        try:
            endpoint(**arguments).send(None)
        except StopIteration as result:
            return result.value
        msg = f"expected {endpoint.__name__} to wait for nothing"
        raise RuntimeError(msg)

    run.__name__ = endpoint.__name__
    run.__signature__ = inspect.signature(endpoint)  # type: ignore[attr-defined]
    return run


def _parse(params: str) -> dict[str, Any]:
    try:
        options = json.loads(params or "{}")
    except json.JSONDecodeError as error:
        msg = "expected params as a JSON object"
        raise RequestError(msg) from error
    if not isinstance(options, dict):
        msg = "expected params as a JSON object"
        raise RequestError(msg)
    return options


def _choose(options: dict[str, Any]) -> dict[str, Any]:
    """Take what a client may ask for; neither ``image`` nor ``upload`` come from here."""
    names = ("result_extension", "save_label", "label_tag")
    return {name: options[name] for name in names if name in options}


def _answer(app: LesionApp, request: dict[str, Any], output: str) -> Response:
    if output == "dicom_seg":
        return _answer_seg(app, request)
    result = app.infer(request)
    path = Path(result["file"])
    try:
        content = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    if output == "json":
        return Response(json.dumps(result["params"]), media_type="application/json")
    if output == "image":
        return Response(content, media_type=media_type)
    if output != "all":
        msg = "expected output to be image, json, all or dicom_seg"
        raise RequestError(msg)
    body = MultipartEncoder(
        fields={
            "params": (None, json.dumps(result["params"]), "application/json"),
            "image": ("mask" + "".join(path.suffixes), content, media_type),
        }
    )
    return Response(body.to_string(), media_type=body.content_type)


def _answer_seg(app: LesionApp, request: dict[str, Any]) -> Response:
    if "upload" in request:
        msg = "expected an image of the studies for a DICOM SEG, got an upload"
        raise RequestError(msg)
    image, number = app.workbench.find(request["image"])
    prediction = app.workbench.predict(image, number)
    path, _ = app.workbench.locate(image, number)
    content = build_seg(path, {number: prediction.mask}, app.workbench.segmenter.identify())
    return Response(content, media_type="application/dicom")


def _check_model(model: str) -> None:
    if model != MODEL:
        msg = f"expected the model {MODEL!r}, got another"
        raise UnknownImageError(msg)
