"""MONAI Label's routes for inference."""

import json
import logging
import threading
from collections import deque
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Response
from urllib3 import encode_multipart_formdata
from urllib3.fields import RequestField

from pipeline.errors import WriteError
from pipeline.label.app.json_object import choose
from pipeline.label.app.lesion_app import Inference, LesionApp
from pipeline.label.app.request_body import Form, FormReader, read_json
from pipeline.label.background_job import BackgroundJob
from pipeline.label.corrected_seg import build_seg
from pipeline.label.label_errors import BusyError, RequestError
from pipeline.server.answers import as_json

logger = logging.getLogger(__name__)

Output = Literal["image", "json", "all", "dicom_seg"]
Selection = Literal["all", "labeled", "unlabeled"]

_PAUSE_S = 1.0


def make_infer_api(app: LesionApp, read_form: FormReader, job: BackgroundJob) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["Infer"])

    @router.post("/infer/{model}")
    def infer(
        model: str,
        form: Annotated[Form, Depends(read_form)],
        image: str = "",
        output: Output = "all",
    ) -> Response:
        app.check_model(model)
        options = _choose(form.read_object("params"))
        upload = form.files.get("file")
        if output == "dicom_seg":
            return _answer_seg(app, image, upload)
        return _answer(app.infer(image, upload=upload, **options), output)

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
    def describe(all: bool = False, check_if_running: bool = False) -> Any:  # noqa: A002
        return job.describe(everything=all, running=check_if_running)

    @router.delete("/batch/infer")
    def stop() -> Any:
        return job.stop()

    return router


def _choose(options: dict[str, Any]) -> dict[str, Any]:
    """Take what a client may ask for of `LesionApp.infer`."""
    _check_tag(options)
    return {
        "suffix": choose(options, "result_extension", str, ".png"),
        "save": choose(options, "save_label", bool, False),
    }


def _check_tag(options: dict[str, Any]) -> None:
    if choose(options, "label_tag", str, "original") != "original":
        msg = "expected the label_tag original: only people make final labels"
        raise RequestError(msg)


def _select(app: LesionApp, images: Any) -> list[str]:
    store = app.datastore
    listed = {
        "all": store.list_images,
        "labeled": store.list_labeled,
        "unlabeled": store.list_unlabeled,
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
            result = app.infer(name, save=True)
            results[name] = {"label": result.label, "tag": "original", "params": result.params}
        except BusyError:
            stopping.wait(_PAUSE_S)
            continue
        except RequestError as error:
            logger.warning("an image is left out: %s", error)
            results[name] = {}
        waiting.popleft()
    return results


def _answer(result: Inference, output: Output) -> Response:
    media_type = "image/png" if result.suffix == ".png" else "application/octet-stream"
    if output == "json":
        return as_json(result.params)
    if output == "image":
        return Response(result.content, media_type=media_type)
    params = RequestField("params", json.dumps(result.params))
    params.make_multipart(content_type="application/json")
    mask = RequestField("image", result.content, f"mask{result.suffix}")
    mask.make_multipart(content_type=media_type)
    content, content_type = encode_multipart_formdata([params, mask])
    return Response(content, media_type=content_type)


def _answer_seg(app: LesionApp, name: str, upload: Path | None) -> Response:
    if upload is not None:
        msg = "expected an image of the studies for a DICOM SEG, got an upload"
        raise RequestError(msg)
    image, number = app.workbench.find(name)
    prediction = app.workbench.predict(image, number)
    path, _ = app.workbench.locate(image, number)
    try:
        content = build_seg(
            path, {number: prediction.result.mask}, app.workbench.segmenter.identify()
        )
    except WriteError as error:  # it is the image that has nothing to refer to
        raise RequestError(str(error)) from error
    return Response(content, media_type="application/dicom")
