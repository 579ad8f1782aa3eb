"""MONAI Label's routes for images and labels."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from pipeline.label.app.lesion_app import LesionApp
from pipeline.label.app.request_body import Form, FormReader
from pipeline.label.label_errors import UnknownImageError
from pipeline.label.mask_file import encode_grey
from pipeline.server.answers import as_json

_HASHES = ("SHA256", "SHA512", "MD5")


def make_datastore_api(app: LesionApp, read_form: FormReader) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/datastore", tags=["Datastore"])
    form = Depends(read_form)
    _add_lists(router, app)
    _add_images(router, app, form)
    _add_labels(router, app, form)
    _add_notes(router, app, form)
    return router


def _add_lists(router: APIRouter, app: LesionApp) -> None:
    store = app.datastore

    @router.get("/")
    def describe(output: Literal["stats", "train", "all"] = "stats") -> Response:
        answers = {"stats": store.status, "train": store.datalist, "all": store.json}
        return as_json(answers[output]())

    @router.get("/dataset")
    def load_dataset(limit_cases: Annotated[int | None, Query(ge=1)] = None) -> Response:
        path = Path(store.get_dataset_archive(limit_cases))
        # It has images of patients, and must not stay in the temporary folder.
        remove = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, filename="dataset.zip", background=remove)


def _add_images(router: APIRouter, app: LesionApp, form: Any) -> None:
    store = app.datastore

    @router.put("/", include_in_schema=False)
    @router.put("/image")
    def add_image(sent: Annotated[Form, form], image: str = "") -> dict[str, str]:
        path = sent.find_file("file")
        name = image or sent.names["file"]
        return {"image": store.add_image(name, str(path), sent.read_object("params"))}

    @router.delete("/", include_in_schema=False)
    @router.delete("/image")
    def remove_image(id: str) -> dict[str, str]:  # noqa: A002
        store.remove_image(id)
        return {}

    @router.head("/image")
    def check_image(image: str, check_sum: str = "") -> dict[str, str]:
        path, _ = app.workbench.locate(*app.workbench.find(image))
        if check_sum and not _has_sum(path, check_sum):
            msg = "expected another content of the image, its checksum differs"
            raise UnknownImageError(msg)
        return {}

    @router.get("/image")
    def load_image(image: str) -> Response:
        found, number = app.workbench.find(image)
        if app.workbench.place(found, number) is not None:
            path, _ = app.workbench.locate(found, number)
            return FileResponse(path, filename=path.name)
        view, _ = app.workbench.view(found, number)
        return Response(encode_grey(view), media_type="image/png")


def _add_labels(router: APIRouter, app: LesionApp, form: Any) -> None:
    store = app.datastore

    @router.put("/label")
    def save_label(sent: Annotated[Form, form], image: str, tag: str = "final") -> dict[str, str]:
        path = sent.find_file("label")
        params = sent.read_object("params")
        return {"image": image, "label": store.save_label(image, str(path), tag or "final", params)}

    @router.delete("/label")
    def remove_label(id: str, tag: str) -> dict[str, str]:  # noqa: A002
        store.remove_label(id, tag)
        return {}

    @router.head("/label")
    def check_label(image: str, tag: str) -> dict[str, str]:
        store.get_label_uri(image, tag)
        return {}

    @router.get("/label")
    def load_label(label: str, tag: str) -> Response:
        path = Path(store.get_label_uri(label, tag))
        return FileResponse(path, filename=path.name, media_type="image/png")


def _add_notes(router: APIRouter, app: LesionApp, form: Any) -> None:
    store = app.datastore

    @router.get("/image/info")
    def describe_image(image: str) -> Response:
        return as_json(store.get_image_info(image))

    @router.put("/image/info")
    def note_image(sent: Annotated[Form, form], image: str) -> dict[str, str]:
        store.update_image_info(image, sent.read_object("info"))
        return {}

    @router.get("/label/info")
    def describe_label(label: str, tag: str) -> Response:
        return as_json(store.get_label_info(label, tag))

    @router.put("/label/info")
    def note_label(sent: Annotated[Form, form], label: str, tag: str) -> dict[str, str]:
        store.update_label_info(label, tag, sent.read_object("info"))
        return {}

    @router.put("/updatelabelinfo", include_in_schema=False)
    def note_label_of_old(sent: Annotated[Form, form], label: str, tag: str) -> dict[str, str]:
        store.update_label_info(label, tag, sent.read_object("params"))
        return {}


def _has_sum(path: Path, check_sum: str) -> bool:
    """Return whether a file has a sum such as ``SHA256:0123``."""
    kind, colon, digest = check_sum.rpartition(":")
    name = kind.upper() if colon else _HASHES[0]
    if name not in _HASHES:
        return False
    with path.open("rb") as file:
        found = hashlib.new(name.lower(), usedforsecurity=False)
        while chunk := file.read(1 << 20):
            found.update(chunk)
    return found.hexdigest() == digest.lower()
