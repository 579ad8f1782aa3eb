"""The bundle as an app of MONAI Label."""

from pathlib import Path
from typing import Any

from monailabel.interfaces.app import MONAILabelApp

from pipeline import RESEARCH_ONLY, __version__
from pipeline.label.app.dice_scoring import DiceScoring
from pipeline.label.app.label_datastore import LabelDatastore
from pipeline.label.app.lesion_infer import LesionInfer
from pipeline.label.app.lesion_train import LesionTrain
from pipeline.label.app.next_sample import DESCRIPTIONS, NextSample
from pipeline.label.label_errors import UnknownImageError
from pipeline.label.label_settings import LabelSettings
from pipeline.label.sampler import Sampler
from pipeline.label.trainer import Trainer


class LesionApp(MONAILabelApp):
    """Segment, train and choose images by our own workbench.

    Args:
        app_dir: folder of the app; nothing is written there.
        studies: folder of images, or URL of a DICOMweb service.
        conf: ``settings``: `LabelSettings` as JSON.
    """

    model = "lesion"
    """Name of the one model of the app."""

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
        return {self.model: LesionInfer(self.workbench)}

    def init_trainers(self) -> dict[str, LesionTrain]:
        """Name the training."""
        return {self.model: LesionTrain(self.trainer)}

    def init_strategies(self) -> dict[str, NextSample]:
        """Name the ways to choose the next image, the best first."""
        return {name: NextSample(self.sampler, name) for name in DESCRIPTIONS}

    def init_scoring_methods(self) -> dict[str, DiceScoring]:
        """Name the score."""
        return {"dice": DiceScoring(self.workbench)}

    def check_model(self, model: str) -> None:
        """Check that a client means our model.

        Args:
            model: its name.

        Raises:
            UnknownImageError: it is another.
        """
        if model != self.model:
            msg = f"expected the model {self.model!r}, got another"
            raise UnknownImageError(msg)

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the scores."""
        return tuple(self._scoring_methods)

    def infer(self, request: dict[str, Any], datastore: Any = None) -> dict[str, Any]:
        """Segment an image of the studies, or one that was uploaded.

        MONAI Label's own method takes any path of this machine for an image.

        Args:
            request: ``model``; ``image``, an id, or ``upload``, a path; ``save_label``.
            datastore: `None`.

        Returns:
            ``label``, ``file`` and ``params`` as MONAI Label's own method; the label is empty if it
            was not saved.

        Raises:
            UnknownImageError: the model or the image is unknown.
            RequestError: the image cannot be read.
        """
        self.check_model(request.get("model", ""))
        file, params = self._infers[self.model](request)
        label = ""
        if request.get("save_label") and "upload" not in request:
            try:
                label = self.datastore().save_label(request["image"], file, "original", params)
            except Exception:
                Path(file).unlink(missing_ok=True)
                raise
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
