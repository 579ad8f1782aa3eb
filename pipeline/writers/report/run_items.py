"""The images of a run as the data of its page."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pipeline.escape_text import escape_text
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.writers.report.simplify_outline import simplify_outline

STATUSES = ("ok", "no_lesion", "skipped", "failed")
"""In the page's data a status is its place in this list."""

MEASURES = tuple(
    column
    for column in LESION_COLUMNS
    if not column.startswith(("file", "frame", "lesion", "centroid", "box"))
)
"""Columns of ``lesions.csv`` that the page has."""


class RunItems:
    """Turns images into short lists; a text that occurs often becomes a number.

    Args:
        max_corners: most corners of an outline.
    """

    def __init__(self, max_corners: int) -> None:
        self._max_corners = max_corners
        self._texts: dict[str, dict[str, int]] = {
            name: {} for name in ("folders", "reasons", "qualities", "regions")
        }

    def list_items(self, files: Iterable[Sequence[ImageRecord]]) -> Iterator[list[Any]]:
        """Yield folder, name, images of each file, and what is shown if that is not its path.

        Args:
            files: the records of each file.
        """
        for images in files:
            file = images[0].row.file
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
