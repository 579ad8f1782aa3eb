"""The bundle as an app of MONAI Label."""

from pathlib import Path
from typing import Any

from monailabel.interfaces.app import MONAILabelApp
from monailabel.interfaces.tasks.batch_infer import BatchInferTask

from pipeline import RESEARCH_ONLY, __version__
from pipeline.label.app.dice_scoring import DiceScoring
from pipeline.label.app.label_datastore import LabelDatastore
from pipeline.label.app.lesion_infer import LesionInfer
from pipeline.label.app.lesion_train import LesionTrain
from pipeline.label.app.next_sample import DESCRIPTIONS, NextSample
from pipeline.label.label_errors import RequestError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.sampler import Sampler
from pipeline.label.trainer import Trainer

MODEL = "lesion"
"""Name of the one model of the app."""


class LesionApp(MONAILabelApp):
    """Segment, train and choose images by our own workbench.

    Args:
        app_dir: folder of ``main.py``; nothing is written there.
        studies: folder of images, or URL of a DICOMweb service.
        conf: ``settings``: `LabelSettings` as JSON.
    """

    def __init__(self, app_dir: str, studies: str, conf: dict[str, str]) -> None:
        self.settings = LabelSettings.from_json(conf["settings"])
        self.workbench = self.settings.open()
        self.sampler = Sampler(self.workbench)
        self.trainer = Trainer(
            self.workbench, Path(self.settings.bundle_root), Path(self.settings.state) / "training"
        )
        super().__init__(
            app_dir=app_dir,
            studies=studies,
            conf=conf,
            name="Breast lesions in ultrasound",
            description=RESEARCH_ONLY,
            version=__version__,
        )

    def init_datastore(self) -> LabelDatastore:
        """Give MONAI Label our studies and labels."""
        title = "DICOMweb" if self.settings.is_remote else Path(self.settings.studies).name
        return LabelDatastore(self.workbench, title)

    def init_infers(self) -> dict[str, LesionInfer]:
        """Name the model."""
        return {MODEL: LesionInfer(self.workbench)}

    def init_trainers(self) -> dict[str, LesionTrain]:
        """Name the training."""
        return {MODEL: LesionTrain(self.trainer)}

    def init_strategies(self) -> dict[str, NextSample]:
        """Name the ways to choose the next image, the best first."""
        return {name: NextSample(self.sampler, name) for name in DESCRIPTIONS}

    def init_scoring_methods(self) -> dict[str, DiceScoring]:
        """Name the score."""
        return {"dice": DiceScoring(self.workbench)}

    def init_batch_infer(self) -> BatchInferTask:
        """Run one image after the other: MONAI Label divides by the number of GPUs."""
        return _OneByOne()

    def infer(self, request: dict[str, Any], datastore: Any = None) -> dict[str, Any]:
        """Segment an image of the studies, or one that was uploaded.

        MONAI Label's own method takes any path of this machine for an image.

        Args:
            request: ``model``; ``image``, an id, or ``upload``, a path; ``save_label``.
            datastore: `None`.

        Returns:
            ``label``, ``file`` and ``params`` as MONAI Label's own method.

        Raises:
            RequestError: the model or the image is unknown, or the image cannot be read.
        """
        task = self._infers.get(request.get("model", ""))
        if task is None:
            msg = f"expected the model {MODEL!r}, got another"
            raise RequestError(msg)
        file, params = task(request)
        label = file
        if request.get("save_label") and "upload" not in request:
            tag = request.get("label_tag", "original")
            label = self.datastore().save_label(request["image"], file, tag, params)
        return {"label": label, "tag": "original", "file": file, "params": params}

    def next_sample(self, request: dict[str, Any]) -> dict[str, Any]:
        """Choose the next image; no path is told, as clients get the image by its id.

        Args:
            request: ``strategy``.

        Returns:
            ``id``, or nothing if all images are labeled.

        Raises:
            RequestError: there is no such strategy.
        """
        chosen = self.sampler.choose(request.get("strategy") or "uncertain")
        return {} if chosen is None else {"id": chosen[0].name_frame(chosen[1])}


class _OneByOne(BatchInferTask):
    def __call__(self, request: dict[str, Any], datastore: Any, infer: Any) -> Any:
        options = {"multi_gpu": False, "device": "cpu", "max_workers": 1}
        return super().__call__(request | options, datastore, infer)
