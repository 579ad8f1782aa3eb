"""The one model of the server, as clients of MONAI Label know it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pipeline import RESEARCH_ONLY, __version__
from pipeline.label.app.label_datastore import LabelDatastore
from pipeline.label.app.training import DEFAULT_EPOCHS
from pipeline.label.image_geometry import read_geometry
from pipeline.label.label_errors import RequestError, UnknownImageError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.mask_file import MaskFormat, encode_mask
from pipeline.label.sampler import Sampler
from pipeline.label.shared_segmenter import Prediction
from pipeline.label.trainer import Trainer
from pipeline.label.trainer_status import TrainerStatus

LABELS = {"lesion": 1}
"""Name and value of what is segmented."""

_STRATEGIES = {
    "uncertain": "The image with the most uncertain outline",
    "random": "Any image",
    "first": "The first image",
}
"""By the names of `Sampler`'s strategies, the best first."""


@dataclass(frozen=True)
class Inference:
    """The answer to a request for a mask.

    Attributes:
        content: file with the mask.
        suffix: its format.
        params: what a client may want to know besides the mask.
        label: id of the label it was saved as, empty if it was not saved.
    """

    content: bytes
    suffix: str
    params: dict[str, Any]
    label: str = ""


class LesionApp:
    """Segment images, score labels, and describe it all."""

    model = "lesion"
    """Name of the one model."""

    methods = ("dice",)
    """Names of the scores."""

    def __init__(self, settings: LabelSettings) -> None:
        self.settings = settings
        self.workbench = settings.open()
        self.sampler = Sampler(self.workbench)
        folder = Path(settings.state) / "training"
        self.trainer = Trainer(self.workbench, Path(settings.bundle_root), folder)
        title = "DICOMweb" if settings.is_remote else Path(settings.studies).name
        self.datastore = LabelDatastore(self.workbench, title)

    def describe(self) -> dict[str, Any]:
        """List what the server can do, with the keys of MONAI Label."""
        status = TrainerStatus.read(self.trainer.status_file)
        return {
            "name": "Breast lesions in ultrasound",
            "description": RESEARCH_ONLY,
            "version": __version__,
            "labels": list(LABELS),
            "models": {
                self.model: {
                    "type": "segmentation",
                    "labels": LABELS,
                    "dimension": 2,
                    "description": "Breast lesions in ultrasound. Research use only.",
                    "config": {"result_extension": list(get_args(MaskFormat))},
                }
            },
            "trainers": {
                self.model: {
                    "description": "Train on the labels, from the weights in use",
                    "config": {"max_epochs": DEFAULT_EPOCHS},
                }
            },
            "strategies": {name: {"description": text} for name, text in _STRATEGIES.items()},
            "scoring": {
                name: {"description": "Dice between the prediction and the final label"}
                for name in self.methods
            },
            "train_stats": {
                self.model: {
                    "status": status.status,
                    "epoch": status.epoch,
                    "total_epochs": status.epochs,
                }
            },
            "datastore": self.datastore.status(),
        }

    def check_model(self, model: str) -> None:
        """Check that a client means our model.

        Raises:
            UnknownImageError: it is another.
        """
        if model != self.model:
            msg = f"expected the model {self.model!r}, got another"
            raise UnknownImageError(msg)

    def infer(
        self,
        image: str,
        *,
        upload: Path | None = None,
        suffix: MaskFormat = ".png",
        save: bool = False,
    ) -> Inference:
        """Segment one frame; the mask lies on the image that clients have.

        Args:
            image: id of a frame in the studies.
            upload: file that a client has sent, to be segmented instead.
            suffix: format of the mask.
            save: keep the mask as the label ``original``; not of an upload.

        Raises:
            UnknownImageError: there is no such image.
            RequestError: the format is unknown, or the image cannot be read.
        """
        begin = time.monotonic()
        if suffix not in get_args(MaskFormat):
            msg = f"expected a result_extension of {', '.join(get_args(MaskFormat))}, got another"
            raise RequestError(msg)
        label = ""
        if upload is not None:
            prediction, affine = self.workbench.segmenter.predict(upload), read_geometry(upload)
        else:
            frame = self.workbench.find(image)
            prediction, affine = self.workbench.predict(*frame), self.workbench.place(*frame)
        mask = prediction.result.mask
        content = encode_mask(mask, suffix, affine=affine)
        latencies = {"latencies": {"total": time.monotonic() - begin}}
        params = _describe_prediction(prediction) | latencies
        if save and upload is None:
            self.workbench.labels.save(*frame, mask, tag="original", info=params)
            label = frame[0].name_frame(frame[1])
        return Inference(content, suffix, params, label)

    def score(self) -> dict[str, float]:
        """Compare predictions with final labels, and note the score of each image.

        Returns:
            Dice, 0 to 1, by image id.
        """
        scores = self.workbench.score()
        for name, dice in scores.items():
            self.workbench.add_notes(name, {"dice": dice})
        return scores


def _describe_prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "label_names": LABELS,
        "lesion_probability": round(prediction.result.probability, 4),
        "boundary_uncertainty": round(prediction.result.boundary_uncertainty, 4),
        "mm_per_pixel": prediction.result.mm_per_pixel,
        "weights": prediction.weights,
    }
