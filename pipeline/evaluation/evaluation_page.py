"""The page on which a person looks through an evaluation."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from monai.utils import convert_to_numpy
from numpy.typing import NDArray

from pipeline.atomic import write_atomically
from pipeline.errors import WriteError
from pipeline.escape_text import escape_text
from pipeline.evaluation.evaluation_item import EvaluationItem, read_items
from pipeline.get_logger import get_logger
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import Lesion, find_lesions
from pipeline.metrics.evaluated_image import EvaluatedImage
from pipeline.readers.region.refuse_scale import refuse_scale
from pipeline.writers.report.describe_model import describe_model
from pipeline.writers.report.page import PREVIEWS, write_page
from pipeline.writers.report.plots import (
    Dot,
    list_worst,
    plot_agreement,
    plot_histogram,
    plot_sizes,
)
from pipeline.writers.report.preview import encode_preview
from pipeline.writers.report.simplify_outline import simplify_outline

NAME_PATTERN = re.compile(r"[A-Za-z0-9._-]+-[0-9a-f]{12}\.jpg")
"""Matches every file name of a preview."""

logger = get_logger(__name__)

HALF_PIXEL = 0.5
"""From the centre of the first pixel to its corner, where the page's polygons begin."""


class EvaluationPage:
    """Shows truth and prediction of every image of an evaluator's run.

    Put it into `val_handlers` of a MONAI `SupervisedEvaluator`, as `EvaluationReport`, whose items
    it shares. When the run completes, the folder holds ``report.html``, one file that works
    without a web server and forbids itself any network, and its pictures, ``report/*.jpg``; those
    of an earlier run are removed. Memory holds numbers and outlines of all images, no pixels.

    Long axes are those of the largest lesion of each mask. They are given in mm where an item has
    an `mm_per_pixel` that `refuse_scale` believes.

    Args:
        output_dir: folder of the page, created if missing.
        split: name of the evaluated list, such as `test`.
        title: of the page.
        model: what the page names as the model; `None` names this program's version.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        *,
        split: str,
        title: str = "Evaluation of breast lesions in ultrasound",
        model: ModelIdentity | None = None,
    ) -> None:
        self.path = Path(output_dir) / "report.html"
        self.root = Path(output_dir) / PREVIEWS
        self.split = split
        self.title = title
        self.model = model
        self._entries: list[_Entry] = []

    def attach(self, engine: Engine) -> None:
        """Register with an engine."""
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._collect)
        engine.add_event_handler(Events.COMPLETED, self._write)

    def _start(self, _engine: Engine) -> None:
        self._entries = []

    def _collect(self, engine: Engine) -> None:
        batch, output = engine.state.batch, engine.state.output
        for number, item in enumerate(read_items(batch, output)):
            entry = _Entry(item, _read_spacing(batch, output, number))
            write_atomically(self.root / entry.preview, encode_preview(item.planes()[0]))
            self._entries.append(entry)

    def _write(self, _engine: Engine) -> None:
        entries = sorted(self._entries, key=lambda entry: entry.image.id)
        _remove_previews(self.root, {entry.preview for entry in entries})
        sources = sorted({entry.image.source for entry in entries})
        pathologies = sorted({entry.image.pathology for entry in entries})
        head = {
            "kind": "evaluation",
            "brief": _say_briefly(self.split, [entry.image for entry in entries]),
            "model": describe_model(self.model),
            "settings": [["Split", self.split]],
            "sources": sources,
            "pathologies": pathologies,
        }
        items = (
            [sources.index(entry.image.source), pathologies.index(entry.image.pathology), *entry]
            for entry in entries
        )
        figures = _draw_figures(entries)
        write_page(self.path, title=self.title, head=head, items=items, figures=figures)
        logger.info("open %s", self.path)


class _Entry(list[Any]):
    """What the page has of one image: the list of its values, and what the plots need."""

    def __init__(self, item: EvaluationItem, mm_per_pixel: float) -> None:
        self.image = item.evaluate()
        original, label, pred = item.planes()
        is_believed = not refuse_scale((mm_per_pixel, mm_per_pixel), original.shape[:2])
        self.mm = mm_per_pixel if is_believed else 0.0
        self.preview = _name_preview(self.image.id)
        true, found = (_find_lesions(mask) for mask in (label, pred))
        self.true_long, self.found_long = _measure_long_axis(true), _measure_long_axis(found)
        scores = self.image.scores
        size = (original.shape[0], original.shape[1])
        super().__init__(
            [
                escape_text(self.image.id),
                self.preview,
                *size,
                self.mm,
                round(self.image.probability, 4),
                _round(scores.dice, 4),
                _round(scores.hd95_px, 1),
                scores.lesion_px,
                scores.pred_px,
                scores.overlap_px,
                scores.false_lesions,
                _round(self.true_long, 1),
                _round(self.found_long, 1),
                _simplify_outlines(true, size),
                _simplify_outlines(found, size),
            ]
        )


def _find_lesions(mask: NDArray[Any]) -> list[Lesion]:
    return find_lesions(mask > 0, np.ones(mask.shape, np.float32))


def _measure_long_axis(lesions: Sequence[Lesion]) -> float | None:
    return lesions[0].long_axis.length_px if lesions else None


def _simplify_outlines(lesions: Sequence[Lesion], size: tuple[int, int]) -> list[list[int]]:
    return [
        simplify_outline((contour[:-1, ::-1] + HALF_PIXEL).ravel().tolist(), size)
        for lesion in lesions
        for contour in lesion.contours
    ]


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _name_preview(name: str) -> str:
    """Name a preview so that no id leads out of the folder, and no two to the same file."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:80] or "image"
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{safe}-{digest[:12]}.jpg"


def _read_spacing(batch: Any, output: Sequence[Mapping[str, Any]], number: int) -> float:
    """Return mm per pixel of an item, 0 if the datalist states none."""
    places = [output[number]]
    if isinstance(batch, list) and len(batch) == len(output):
        places.append(batch[number])
    for place in places:
        if isinstance(place, Mapping) and "mm_per_pixel" in place:
            value = float(np.asarray(convert_to_numpy(place["mm_per_pixel"])).max())
            return value
    return 0.0


def _remove_previews(folder: Path, wanted: set[str]) -> None:
    for path in folder.glob("*.jpg"):
        if path.name in wanted or not NAME_PATTERN.fullmatch(path.name):
            continue
        try:
            path.unlink()
        except OSError as error:
            msg = f"expected to replace {path}, got {type(error).__name__}: {error.strerror}"
            raise WriteError(msg) from error


def _say_briefly(split: str, images: Sequence[EvaluatedImage]) -> str:
    dices = [image.scores.dice for image in images if image.scores.dice is not None]
    if not dices:
        return f"List {split}: no image with a lesion"
    mean = f"mean Dice {fmean(dices):.3f} over {len(dices)} images with a lesion"
    return f"List {split}: {mean}, a missed one counts 0"


def _draw_figures(entries: Sequence[_Entry]) -> str:
    dices = [
        (number, entry, entry.image.scores.dice)
        for number, entry in enumerate(entries)
        if entry.image.scores.dice is not None
    ]
    pairs = [
        (entry.true_long, entry.found_long, number, entry.mm)
        for number, entry, _ in dices
        if entry.true_long is not None and entry.found_long is not None
    ]
    sizes = [
        Dot(entry.true_long or 0.0, dice, number, entry.image.scores.missed)
        for number, entry, dice in dices
    ]
    figures = [
        plot_histogram([dice for *_, dice in dices]),
        plot_sizes(sizes),
        plot_agreement([pair[:3] for pair in pairs], "px"),
        plot_agreement([(a * mm, b * mm, number) for a, b, number, mm in pairs if mm], "mm"),
        list_worst(
            (dice, entry.image.scores.lesion_px, escape_text(entry.image.id), number)
            for number, entry, dice in dices
        ),
    ]
    return f'<section class="figures" aria-label="Figures">\n{"".join(figures)}</section>'
