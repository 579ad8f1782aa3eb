"""MONAI Label's routes for inference."""

import json
import logging
import threading
from collections import deque
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Response
from requests_toolbelt import MultipartEncoder

from pipeline.errors import WriteError
from pipeline.label.app.json_object import choose
from pipeline.label.app.lesion_app import LesionApp
from pipeline.label.app.request_body import Form, FormReader, read_json
from pipeline.label.background_job import BackgroundJob
from pipeline.label.corrected_seg import build_seg
from pipeline.label.label_errors import BusyError, RequestError
from pipeline.server.answers import as_json

logger = logging.getLogger(__name__)

Output = Literal["image", "json", "all", "dicom_seg"]
Selection = Literal["all", "labeled", "unlabeled"]

_PAUSE_S = 1.0
_TYPES = {".png": "image/png"}


def make_infer_api(app: LesionApp, read_form: FormReader, job: BackgroundJob) -> APIRouter:
    """Make the routes.

    Args:
        app: of the studies.
        read_form: reads forms.
        job: of inference on many images.
    """
    router = APIRouter(tags=["Infer"])

    @router.post("/infer/{model}")
    def infer(
        model: str,
        form: Annotated[Form, Depends(read_form)],
        image: str = "",
        output: Output = "all",
    ) -> Response:
        app.check_model(model)
        request = {"model": model, "image": image, **_choose(form.read_object("params"))}
        if "file" in form.files:
            request["upload"] = str(form.files["file"])
        return _answer_seg(app, request) if output == "dicom_seg" else _answer(app, request, output)

    @router.post("/batch/infer/{model}")
    def infer_many(
        model: str,
        options: Annotated[dict[str, Any], Depends(read_json)],
        images: Selection = "all",
        run_sync: bool = False,
    ) -> Response:
        app.check_model(model)
        _check_tag(options)
        wanted = options.get("images")
        names = _select(app, images if wanted is None else wanted)
        most = choose(options, "max_batch_size", int, 0)
        chosen = names[:most] if most > 0 else names
        request = {"model": model, "images": len(chosen)}
        return as_json(
            job.start(request, lambda stopping: _infer_all(app, chosen, stopping), wait=run_sync)
        )

    @router.get("/batch/infer")
    def tell(all: bool = False, check_if_running: bool = False) -> Any:  # noqa: A002
        return job.tell(everything=all, running=check_if_running)

    @router.delete("/batch/infer")
    def stop() -> Any:
        return job.stop()

    return router


def _choose(options: dict[str, Any]) -> dict[str, Any]:
    """Take what a client may ask for; neither ``image`` nor ``upload`` come from here."""
    _check_tag(options)
    extension = choose(options, "result_extension", str, ".png")
    return {
        "result_extension": extension,
        "save_label": choose(options, "save_label", bool, False),
    }


def _check_tag(options: dict[str, Any]) -> None:
    if choose(options, "label_tag", str, "original") != "original":
        msg = "expected the label_tag original: only people make final labels"
        raise RequestError(msg)


def _select(app: LesionApp, images: Any) -> list[str]:
    store = app.datastore()
    listed = {
        "all": store.list_images,
        "labeled": store.get_labeled_images,
        "unlabeled": store.get_unlabeled_images,
    }
    if isinstance(images, str) and images in listed:
        return list(listed[images]())
    if not isinstance(images, list) or not all(isinstance(name, str) for name in images):
        msg = f"expected images as {', '.join(get_args(Selection))} or a list of ids"
        raise RequestError(msg)
    return [image.name_frame(number) for image, number in map(app.workbench.find, images)]


def _infer_all(app: LesionApp, names: list[str], stopping: threading.Event) -> dict[str, Any]:
    """Segment one image after the other; one that cannot be read has an empty result."""
    results: dict[str, Any] = {}
    waiting = deque(names)
    while waiting and not stopping.is_set():
        name = waiting[0]
        try:
            results[name] = app.infer({"model": app.model, "image": name, "save_label": True})
            Path(results[name].pop("file")).unlink(missing_ok=True)
        except BusyError:
            stopping.wait(_PAUSE_S)
            continue
        except RequestError as error:
            logger.warning("an image is left out: %s", error)
            results[name] = {}
        waiting.popleft()
    return results


def _answer(app: LesionApp, request: dict[str, Any], output: Output) -> Response:
    result = app.infer(request)
    path = Path(result["file"])
    try:
        content = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    if output == "json":
        return as_json(result["params"])
    if output == "image":
        return Response(content, media_type=media_type)
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
    try:
        content = build_seg(
            path, {number: prediction.result.mask}, app.workbench.segmenter.identify()
        )
    except WriteError as error:  # it is the image that has nothing to refer to
        raise RequestError(str(error)) from error
    return Response(content, media_type="application/dicom")
