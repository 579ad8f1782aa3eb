"""The page on which a person looks through a run."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.atomic import write_atomically
from pipeline.errors import WriteError
from pipeline.escape_text import escape_text
from pipeline.get_logger import get_logger
from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.results.result import Result
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer
from pipeline.writers.report.describe_model import describe_model
from pipeline.writers.report.page import PREVIEWS, write_page
from pipeline.writers.report.preview import encode_preview
from pipeline.writers.report.simplify_outline import simplify_outline

_LOGGER = get_logger(__name__)

STATUSES = ("ok", "no_lesion", "skipped", "failed")
"""In the page's data a status is its place in this list."""

MEASURES = tuple(
    column
    for column in LESION_COLUMNS
    if not column.startswith(("file", "frame", "lesion", "centroid", "box"))
)
"""Columns of ``lesions.csv`` that the page has."""

MANY_IMAGES = 5000
"""From more images on, outlines have fewer corners."""

CORNERS = 200
"""Most corners of an outline."""

CORNERS_OF_MANY = 64
"""Most corners of an outline among many images."""

PRIVATE_SETTINGS = ("dataset_dir", "output_dir", "weights", "writers")
"""Settings that the page leaves out: local paths and options that are not thresholds."""


class HtmlReport(Writer):
    """Write ``report.html``, and ``report/<path of the source>.jpg`` for each image.

    The page is one file with everything in it but the pictures, works without a web server, and
    forbids itself any network. The pictures are grey and at most 640 px long; the page draws the
    outlines over them. A file of several frames is one card.

    Args:
        output_dir: the run's folder.
        title: of the page.
        model: what the page names as the model; `None` names this program's version.
    """

    suffix = ".jpg"

    def __init__(
        self,
        output_dir: str | Path,
        *,
        title: str = "Breast lesions in ultrasound",
        model: ModelIdentity | None = None,
    ) -> None:
        self.path: Path = Path(output_dir) / "report.html"
        self.root = Path(output_dir) / PREVIEWS
        self.title = title
        self.model = model

    def write(self, result: Result) -> None:
        """Write the preview of one image; without it the page shows the outlines alone."""
        path = self.locate(result.file, result.frame)
        try:
            write_atomically(path, encode_preview(result.image))
        except WriteError as error:  # the mask is written nevertheless
            _LOGGER.warning("an image of the page has no picture: %s", error)

    def write_run(self, run: FinishedRun) -> None:
        """Write the page.

        Raises:
            WriteError: the file cannot be written.
        """
        many = sum(run.counts.values()) > MANY_IMAGES
        data = _PageData(CORNERS_OF_MANY if many else CORNERS)
        model = describe_model(self.model)
        head = {
            "kind": "run",
            "statuses": STATUSES,
            "measures": MEASURES,
            "counts": [run.counts.get(status, 0) for status in STATUSES],
            "brief": _say_briefly(model, run.settings),
            "model": model,
            "settings": [
                [name, _say(value)]
                for name, value in run.settings.items()
                if name not in PRIVATE_SETTINGS and not isinstance(value, Path)
            ],
        }
        write_page(
            self.path,
            title=self.title,
            head=head,
            items=data.list_items(run.records()),
            tail=data.list_texts,
        )


class _PageData:
    """Turns images into short lists; a text that occurs often becomes a number."""

    def __init__(self, max_corners: int) -> None:
        self._max_corners = max_corners
        self._texts: dict[str, dict[str, int]] = {
            name: {} for name in ("folders", "reasons", "qualities", "regions")
        }

    def list_items(self, records: Iterator[ImageRecord]) -> Iterator[list[Any]]:
        """Yield folder, name, images of each file, and what is shown if that is not its path."""
        for file, images in groupby(records, key=lambda record: record.row.file):
            path = PurePosixPath(file)
            folder = "" if path.parent == PurePosixPath() else str(path.parent)
            item: list[Any] = [
                self._number("folders", folder),
                path.name,
                [self._describe_image(record) for record in images],
            ]
            # Names lead to the previews, so what is shown instead stands beside them.
            shown = escape_text(file)
            yield item if shown == file else [*item, shown]

    def list_texts(self) -> dict[str, list[str]]:
        """Return the texts by their numbers."""
        return {name: list(texts) for name, texts in self._texts.items()}

    def _number(self, name: str, text: str) -> int:
        texts = self._texts[name]
        return texts.setdefault(text, len(texts))

    def _describe_image(self, record: ImageRecord) -> list[Any]:
        """Frame, status, reason, then of processed ones the rest."""
        row = record.row
        image = [
            row.frame or 0,
            STATUSES.index(row.status),
            self._number("reasons", escape_text(row.reason)),
        ]
        if record.size is None:
            return image
        return [
            *image,
            None if row.probability is None else round(row.probability, 4),
            self._number("qualities", row.quality),
            self._number("regions", row.region),
            _read_spacing(row),
            None if row.boundary_uncertainty is None else round(row.boundary_uncertainty, 4),
            *record.size,
            [
                [self._simplify(contours, record.size), *_list_measures(lesion)]
                for lesion, contours in zip(record.lesions, record.contours, strict=True)
            ],
            *self._list_rest(record, record.size),
        ]

    def _list_rest(self, record: ImageRecord, size: tuple[int, int]) -> list[Any]:
        """List what few images have: outlines below the operating point, and being blanked."""
        if not record.suppressed and not record.is_blanked:
            return []
        suppressed = [
            [self._simplify(contours, size), probability]
            for probability, contours in record.suppressed
        ]
        return [suppressed, 1] if record.is_blanked else [suppressed]

    def _simplify(
        self, contours: Sequence[Sequence[float]], size: tuple[int, int]
    ) -> list[list[int]]:
        return [simplify_outline(each, size, max_corners=self._max_corners) for each in contours]


def _say_briefly(model: Sequence[Sequence[str]], settings: Mapping[str, Any]) -> str:
    words = [" ".join(value for _, value in model[:2])]
    words += [f"weights {value}" for _, value in model[2:]]
    if "operating_point" in settings:
        words.append(f"operating point {settings['operating_point']}")
    if "threshold" in settings:
        words.append(f"threshold {settings['threshold']}")
    return ", ".join(words)


def _say(value: Any) -> str:
    """Say a setting in words: what is on of several switches, `yes` or `no` of one."""
    if isinstance(value, Mapping):
        if all(isinstance(each, bool) for each in value.values()):
            return ", ".join(str(name) for name, each in value.items() if each) or "none"
        return ", ".join(f"{name} {_say(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_say, value))
    return str(value)


def _read_spacing(row: ResultRow) -> list[float] | int:
    """Give mm between rows and columns, 1 if they differ between B-mode images, 0 if unknown."""
    sides = (row.mm_per_pixel_y.split(), row.mm_per_pixel_x.split())
    if not sides[0] or "-" in sides[0]:
        return 0
    if any(len(side) > 1 for side in sides):
        return 1
    return [float(side[0]) for side in sides]


def _list_measures(lesion: Mapping[str, str]) -> list[float | str | None]:
    return [_shorten(lesion[name]) for name in MEASURES]


def _shorten(cell: str) -> float | str | None:
    """Turn a cell into a number of as few characters as can be, where it is one."""
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return cell
    return int(value) if value.is_integer() else value
