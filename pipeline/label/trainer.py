"""Train on the labels, and use the new weights if all went well."""

import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError, describe, find_cause
from pipeline.label.label_errors import ConflictError
from pipeline.label.mask_file import encode_grey, encode_mask
from pipeline.label.study_image import StudyImage
from pipeline.label.trainer_status import TrainerStatus
from pipeline.label.workbench import Workbench
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.settings.as_data import as_data

logger = logging.getLogger(__name__)

LEAST_TO_VALIDATE = 10
"""Labeled images from which a fifth of them chooses the best epoch instead of training."""

_FINE_TUNING = 0.1
"""Share of the config's learning rate: the weights are good already."""


class Trainer:
    """Run ``configs/train.json`` on the labels, from the weights in use.

    Images and labels are copied into a folder of the training, each B-mode image by itself, and
    removed when it ends.

    Args:
        workbench: of the labels.
        bundle_root: folder around ``configs/``.
        folder: of trainings.
    """

    def __init__(self, workbench: Workbench, bundle_root: Path, folder: Path) -> None:
        self.workbench = workbench
        self.bundle_root = bundle_root
        self.folder = folder
        self.status_file = folder / "status.json"

    def run(self, epochs: int) -> str:
        """Train; the weights in use are replaced at the end, or not at all.

        Args:
            epochs: passes over the labeled images, at least 1.

        Returns:
            Name of the new weights.

        Raises:
            ConflictError: nothing is labeled.
            ConfigError: a check refused the run, or the new weights do not fit.
        """
        run = self.folder / "run"
        shutil.rmtree(run, ignore_errors=True)
        try:
            TrainerStatus("running", 0, epochs).write(self.status_file)
            settings = self._prepare(run, epochs)
            self._run_config(settings, epochs)
            model = run / "out" / "model.pt"
            self.workbench.segmenter.check(model)
            name = self.workbench.segmenter.weights.install(model.read_bytes())
        except SystemExit as refusal:
            reason = str(refusal).removeprefix("error: ")
            TrainerStatus("failed", 0, epochs, reason).write(self.status_file)
            raise ConfigError(reason) from refusal
        except Exception as error:
            reason = describe(find_cause(error))
            TrainerStatus("failed", 0, epochs, reason).write(self.status_file)
            raise
        finally:
            shutil.rmtree(run, ignore_errors=True)
        TrainerStatus("done", epochs, epochs).write(self.status_file)
        logger.info("trained for %d epochs, weights %s are in use", epochs, name)
        return name

    def _prepare(self, run: Path, epochs: int) -> dict[str, Any]:
        """Write the images, and choose what depends on their number."""
        items = self._export(run / "data")
        if not items:
            msg = "expected at least one saved label to train on, there is none"
            raise ConflictError(msg)
        validation: list[dict[str, Any]] = []
        if len(items) >= LEAST_TO_VALIDATE:
            # By a hash, so that an image stays on its side when others are labeled.
            validation = [item for item in items if _draw(item["group"]) < 0.2]
        training = [item for item in items if item not in validation]
        datalist = {"training": training or items, "validation": validation if training else []}
        write_atomically(run / "data" / "datalist.json", json.dumps(datalist).encode())
        config = self._read_config("train")
        batch = min(int(config["batch_size"]), len(datalist["training"]))
        return {
            "dataset_dir": as_data(str(run / "data")),
            "output_dir": as_data(str(run / "out")),
            "epochs": epochs,
            "first_size": 1.0,
            "batch_size": batch,
            "num_workers": 0,
            "ckpt": as_data(str(self.workbench.segmenter.weights.path)),
            "learning_rate": float(config["learning_rate"]) * _FINE_TUNING,
            # The one that is served; its weights come from `ckpt`, from nowhere else.
            "network_def": self._read_config("inference")["network_def"],
        }

    def _run_config(self, settings: dict[str, Any], epochs: int) -> None:
        from ignite.engine import Events
        from monai.bundle import ConfigWorkflow

        workflow = ConfigWorkflow(
            str(self.bundle_root / "configs" / "train.json"),
            workflow_type=None,
            bundle_root=as_data(str(self.bundle_root)),
            **settings,
        )
        workflow.initialize()
        trainer = workflow.parser.get_parsed_content("train#trainer")

        def report(engine: Any) -> None:
            TrainerStatus("running", engine.state.epoch, epochs).write(self.status_file)

        trainer.add_event_handler(Events.EPOCH_COMPLETED, report)
        workflow.run()
        workflow.finalize()

    def _read_config(self, name: str) -> dict[str, Any]:
        path = self.bundle_root / "configs" / f"{name}.json"
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return config

    def _export(self, folder: Path) -> list[dict[str, Any]]:
        reader = self.workbench.segmenter.reader
        items: list[dict[str, Any]] = []
        for image, number in self.workbench.list_frames():
            mask = self.workbench.labels.load(image, number)
            if mask is None:
                continue
            grey, boxes = _read(reader, *self.workbench.locate(image, number))
            for top, left, bottom, right in boxes:
                stem = f"{len(items):05d}"
                part = mask[top:bottom, left:right]
                content = encode_grey(grey[top:bottom, left:right])
                write_atomically(folder / f"{stem}.png", content)
                write_atomically(folder / f"{stem}_mask.png", encode_mask(part, ".png"))
                items.append(_describe_item(image, stem, bool(part.any())))
        return items


def _read(
    reader: UltrasoundReader, path: Path, frame: int | None
) -> tuple[NDArray[np.uint8], list[tuple[int, int, int, int]]]:
    grey, meta = reader.get_data(FrameReference(path, frame))
    boxes = [
        (int(top), int(left), int(bottom), int(right))
        for top, left, bottom, right in meta["regions"]
    ]
    values = np.clip(np.rint(grey[0]), 0, 255).astype(np.uint8)
    return values, [box for box in boxes if box[2] > box[0]]  # padded by empty ones


def _describe_item(image: StudyImage, stem: str, has_lesion: bool) -> dict[str, Any]:
    return {
        "image": f"{stem}.png",
        "label": f"{stem}_mask.png",
        "id": stem,
        "group": hashlib.sha256(image.id.encode()).hexdigest(),
        "pathology": "unknown" if has_lesion else "normal",
        "source": "label",
        "fold": 0,
        "birads": "",
        "device": "",
        "mm_per_pixel": 0.0,
    }


def _draw(group: str) -> float:
    """Give a number from 0 to 1 that only depends on the group."""
    return int(group[:8], 16) / 0xFFFFFFFF
