"""Routes of the annotator page, below ``/annotate/api/``."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from pipeline import __version__
from pipeline.label.app.request_body import read_json, read_picture
from pipeline.label.app.training import Training, read_epochs
from pipeline.label.label_errors import UnknownImageError
from pipeline.label.mask_file import decode_mask, encode_grey, encode_mask
from pipeline.label.sampler import Sampler
from pipeline.label.study_image import StudyImage
from pipeline.label.workbench import Workbench
from pipeline.server.answers import as_json

_PNG = "image/png"


def make_annotate_api(workbench: Workbench, sampler: Sampler, training: Training) -> APIRouter:
    """Make the routes; frames are counted from 0 here."""
    router = APIRouter(prefix="/annotate/api", tags=["Annotator page"])
    _add_images(router, workbench, sampler)
    _add_masks(router, workbench)
    _add_training(router, workbench, training)
    return router


def _add_images(router: APIRouter, workbench: Workbench, sampler: Sampler) -> None:
    @router.get("/images")
    def list_images() -> Response:
        images = workbench.studies.list_images()
        return as_json([_describe(workbench, image) for image in images])

    @router.get("/image")
    def show_image(id: str, frame: int = 0) -> Response:  # noqa: A002
        view, blanked = workbench.view(*_find(workbench, id, frame))
        headers = {"X-Blanked": "1"} if blanked else {}
        return Response(encode_grey(view), media_type=_PNG, headers=headers)

    @router.get("/next")
    def choose_next(strategy: str = "uncertain") -> dict[str, Any]:
        chosen = sampler.choose(strategy)
        return {} if chosen is None else {"id": chosen[0].id, "frame": chosen[1] - 1}


def _add_masks(router: APIRouter, workbench: Workbench) -> None:
    @router.post("/predict")
    def predict(id: str, frame: int = 0) -> Response:  # noqa: A002
        result = workbench.predict(*_find(workbench, id, frame)).result
        headers = {
            "X-Lesion-Probability": f"{result.probability:.4f}",
            "X-Boundary-Uncertainty": f"{result.boundary_uncertainty:.4f}",
            "X-Quality": "; ".join(result.quality),
        }
        if result.suppressed:
            best = max(each.probability for each in result.suppressed)
            headers["X-Suppressed-Probability"] = f"{best:.4f}"
        return Response(encode_mask(result.mask, ".png"), media_type=_PNG, headers=headers)

    @router.post("/suppressed")
    def show_suppressed(id: str, frame: int = 0) -> Response:  # noqa: A002
        result = workbench.predict(*_find(workbench, id, frame)).result
        return Response(encode_mask(result.suppressed_mask, ".png"), media_type=_PNG)

    @router.get("/label")
    def load_label(id: str, frame: int = 0) -> Response:  # noqa: A002
        mask = workbench.labels.load(*_find(workbench, id, frame))
        if mask is None:
            msg = "no label was saved for this image yet"
            raise UnknownImageError(msg)
        return Response(encode_mask(mask, ".png"), media_type=_PNG)

    @router.put("/label")
    def save_label(
        content: Annotated[bytes, Depends(read_picture)],
        id: str,  # noqa: A002
        frame: int = 0,
    ) -> dict[str, Any]:
        image, number = _find(workbench, id, frame)
        mask = decode_mask(content, (image.rows, image.columns))
        workbench.accept(image, number, mask, {"client": "annotate"})
        return {"id": image.id, "frame": number - 1}


def _add_training(router: APIRouter, workbench: Workbench, training: Training) -> None:
    weights = workbench.segmenter.weights

    @router.get("/info")
    def describe_server() -> dict[str, Any]:
        status = training.read_status()
        frames = workbench.list_frames()
        labeled = sum(workbench.is_labeled(image, number) for image, number in frames)
        return {
            "version": __version__,
            "weights": weights.name,
            "can_restore": weights.can_restore,
            "training": {
                "status": status.status,
                "epoch": status.epoch,
                "epochs": status.epochs,
                "reason": status.reason,
            },
            "labeled": labeled,
            "total": len(frames),
        }

    @router.post("/train")
    def train(options: Annotated[dict[str, Any], Depends(read_json)]) -> dict[str, Any]:
        training.start(read_epochs(options, "epochs"))
        return {"status": "running"}

    @router.post("/weights/restore")
    def restore() -> dict[str, Any]:
        return {"weights": weights.restore()}


def _find(workbench: Workbench, image_id: str, frame: int) -> tuple[StudyImage, int]:
    images = {image.id: image for image in workbench.studies.list_images()}
    image = images.get(image_id)
    if image is None or not 0 <= frame < image.frames:
        msg = "expected the id and frame of an image in the studies, got others: list them again"
        raise UnknownImageError(msg)
    return image, frame + 1


def _describe(workbench: Workbench, image: StudyImage) -> dict[str, Any]:
    labeled = workbench.labels.frames(image)
    return {
        "id": image.id,
        "name": image.name,
        "labeled": bool(labeled),
        "labeled_frames": [number - 1 for number in labeled],
        "key_frames": [number - 1 for number in image.key_frames],
        "frames": image.frames,
        "width": image.columns,
        "height": image.rows,
    }
