"""Inference of the bundle as MONAI Label's task."""

import tempfile
import time
from pathlib import Path
from typing import Any, get_args

import numpy as np
from monailabel.interfaces.tasks.infer_v2 import InferTask, InferType
from numpy.typing import NDArray

from pipeline.atomic import write_atomically
from pipeline.label.image_geometry import read_geometry
from pipeline.label.label_errors import RequestError
from pipeline.label.mask_file import MaskFormat, encode_mask
from pipeline.label.shared_segmenter import Prediction
from pipeline.label.workbench import Workbench

LABELS = {"lesion": 1}
"""Name and value of what is segmented."""


class LesionInfer(InferTask):
    """Segment one frame; the mask is a file that lies on the image that clients have.

    MONAI Label's own task for bundles returns a mask one pixel high for 2D.

    Args:
        workbench: has the network.
    """

    def __init__(self, workbench: Workbench) -> None:
        super().__init__(
            type=InferType.SEGMENTATION,
            labels=LABELS,
            dimension=2,
            description="Breast lesions in ultrasound. Research use only.",
            config={"result_extension": [".png", ".nrrd", ".nii.gz", ".nii"]},
        )
        self.workbench = workbench

    def is_valid(self) -> bool:
        """Whether there are weights."""
        return self.workbench.segmenter.weights.path.is_file()

    def get_path(self, validate: bool = True) -> str:
        """Give the path of the weights in use."""
        return str(self.workbench.segmenter.weights.path)

    def __call__(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Segment.

        Args:
            request: ``image`` is an id of the studies; or ``upload`` is the path of a file that a
                client has sent. ``result_extension`` is the format of the mask.

        Returns:
            The path of a temporary file, and what is known of the result.

        Raises:
            RequestError: the image or the format is unknown, or the image cannot be read.
        """
        begin = time.monotonic()
        chosen = request.get("result_extension") or ".png"
        extension = chosen if isinstance(chosen, str) else ".png"
        if extension not in get_args(MaskFormat):
            msg = f"expected a result_extension of {', '.join(get_args(MaskFormat))}, got another"
            raise RequestError(msg)
        if "upload" in request:
            source = Path(request["upload"])
            prediction, affine = self.workbench.segmenter.predict(source), read_geometry(source)
        else:
            frame = self.workbench.find(request["image"])
            prediction, affine = self.workbench.predict(*frame), self.workbench.place(*frame)
        path = _write(prediction, extension, affine)
        return str(path), describe(prediction) | {"latencies": {"total": time.monotonic() - begin}}


def describe(prediction: Prediction) -> dict[str, Any]:
    """Tell what a client may want to know besides the mask.

    Args:
        prediction: of a frame.
    """
    return {
        "label_names": LABELS,
        "lesion_probability": round(prediction.result.probability, 4),
        "boundary_uncertainty": round(prediction.result.boundary_uncertainty, 4),
        "mm_per_pixel": prediction.result.mm_per_pixel,
        "weights": prediction.weights,
    }


def _write(prediction: Prediction, extension: Any, affine: NDArray[np.float64] | None) -> Path:
    with tempfile.NamedTemporaryFile(suffix=extension, delete=False) as file:
        path = Path(file.name)
    write_atomically(path, encode_mask(prediction.result.mask, extension, affine=affine))
    return path
