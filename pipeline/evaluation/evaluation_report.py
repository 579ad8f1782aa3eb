"""An evaluation as a table and a summary."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events

from pipeline import RESEARCH_ONLY
from pipeline.atomic import write_atomically
from pipeline.errors import ConfigError
from pipeline.evaluation.evaluation_item import read_items
from pipeline.get_logger import get_logger
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.metrics.summarise import summarise
from pipeline.write_table import write_table

logger = get_logger(__name__)

COLUMNS = (
    "id",
    "group",
    "source",
    "pathology",
    "dice",
    "iou",
    "hd95_px",
    "assd_px",
    "precision",
    "recall",
    "lesion_px",
    "pred_px",
    "overlap_px",
    "false_lesions",
    "probability",
    "boundary_uncertainty",
    "malignancy",
)
"""Columns of `per_image.csv`; an undefined score is an empty field."""


class EvaluationReport:
    """Scores every image of an evaluator's run and writes what came out.

    Put it into `validate#handlers` of a MONAI `SupervisedEvaluator` whose postprocessing leaves
    masks at the geometry of the source. When the run completes, the folder holds:

    - `per_image.csv`: one row per image in the order of the ids, columns `COLUMNS`;
    - `summary.json`: see `summarise`; written last, so that its presence means a whole report.

    Every file is written under a temporary name and renamed. Memory holds the scores of all images
    and no pixels. One process only: under distributed evaluation each rank would report its own
    part. `EvaluationPage` shows the images.

    Args:
        output_dir: folder of the report, created if missing.
        split: name of the evaluated list, such as `test`; stated in the summary.
        draws: bootstrap draws of the summary.
        seed: decides the bootstrap draws.

    Raises:
        ConfigError: `draws` is below 1.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        *,
        split: str,
        draws: int = 2000,
        seed: int = 0,
    ) -> None:
        if draws < 1:
            msg = f"expected at least 1 bootstrap draw, got {draws}"
            raise ConfigError(msg)
        self._output_dir = Path(output_dir)
        self._split = split
        self._draws = draws
        self._seed = seed
        self._images: dict[str, EvaluatedImage] = {}

    def attach(self, engine: Engine) -> None:
        """Register with an engine.

        Raises:
            ConfigError: the engine's data loader is empty; MONAI would skip its run and
                with it this report.
        """
        if engine.state.epoch_length == 0:
            raise ConfigError(_describe_no_image(self._split))
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, _engine: Engine) -> None:
        self._images = {}

    def _collect(self, engine: Engine) -> None:
        for item in read_items(engine.state.batch, engine.state.output):
            image = item.evaluate()
            if image.id in self._images:
                msg = f"expected every id once, got '{image.id}' again; check the datalist"
                raise ConfigError(msg)
            self._images[image.id] = image

    def _write(self, _engine: Engine) -> None:
        images = sorted(self._images.values(), key=lambda image: image.id)
        if not images:
            raise ConfigError(_describe_no_image(self._split))
        summary = summarise(images, split=self._split, draws=self._draws, seed=self._seed)
        write_table(self._output_dir / "per_image.csv", COLUMNS, map(_make_row, images))
        text = json.dumps({"notice": RESEARCH_ONLY, **summary}, indent=2, allow_nan=False)
        write_atomically(self._output_dir / "summary.json", f"{text}\n".encode())
        logger.info("%s: %s; report in %s", self._split, _say(summary), self._output_dir)


def _describe_no_image(split: str) -> str:
    return f"expected images to evaluate in split '{split}', got none; check the datalist"


def _make_row(image: EvaluatedImage) -> dict[str, str | int]:
    row = {**asdict(image), **asdict(image.scores)}
    return {name: _format_field(row[name]) for name in COLUMNS}


def _format_field(value: str | float | None) -> str | int:
    if value is None:
        return ""
    return f"{value:.6f}" if isinstance(value, float) else value


def _say(summary: Mapping[str, Any]) -> str:
    parts = [f"{summary['images']} images"]
    lesion, normal = summary["lesion"], summary["normal"]
    if lesion:
        ends = lesion["dice"]["interval_95"]
        interval = f" (95 % interval {ends[0]:.3f} to {ends[1]:.3f})" if ends else ""
        parts.append(f"Dice {lesion['dice']['mean']:.3f}{interval} over {lesion['images']} lesions")
        parts.append(f"{lesion['missed']} missed")
    if normal:
        parts.append(
            f"{normal['with_false_lesion']} of {normal['images']} normal images with a false lesion"
        )
    return ", ".join(parts)
