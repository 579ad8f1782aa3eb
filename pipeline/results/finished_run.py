"""All results of a run, read back at its end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.lesions.lesion import Lesion
from pipeline.lesions.lesion_table import format_lesion
from pipeline.results.result_row import ResultRow

HALF_PIXEL = 0.5
"""From the centre of the first pixel to its corner, where polygons of COCO and DICOM begin."""


@dataclass(frozen=True)
class ImageRecord:
    """The record of one image: plain numbers and texts only.

    Attributes:
        row: its line of ``results.csv``.
        size: H and W in px, `None` if it was not processed.
        lesions: cells of ``lesions.csv``, see `format_lesion`.
        contours: of each lesion the outer boundaries, each x, y, x, y and so on in px; (0, 0) is
            the upper left corner of the first pixel.
        suppressed: of each outline below the operating point its probability and its boundaries.
        is_blanked: whether its picture is black because a burned-in name cannot be ruled out.
    """

    row: ResultRow
    size: tuple[int, int] | None = None
    lesions: Sequence[Mapping[str, str]] = ()
    contours: Sequence[Sequence[Sequence[float]]] = ()
    suppressed: Sequence[tuple[float, Sequence[Sequence[float]]]] = ()
    is_blanked: bool = False

    @classmethod
    def make(
        cls,
        row: ResultRow,
        size: tuple[int, int],
        lesions: Sequence[Lesion],
        suppressed: Sequence[Lesion] = (),
        *,
        is_blanked: bool = False,
    ) -> "ImageRecord":
        """Make the record of an image.

        Args:
            row: its line of ``results.csv``.
            size: H and W in px.
            lesions: its lesions.
            suppressed: what the operating point leaves out.
            is_blanked: see above.
        """
        return cls(
            row,
            size,
            [format_lesion(row.file, row.frame, lesion) for lesion in lesions],
            [_format_contours(lesion) for lesion in lesions],
            [(round(lesion.probability, 4), _format_contours(lesion)) for lesion in suppressed],
            is_blanked,
        )


@dataclass(frozen=True)
class FinishedRun:
    """A run at its end.

    Attributes:
        records: gives all images, sorted by file and frame; may be called more than once.
        counts: images of each status.
        settings: what changes the results, by name.
        fingerprint: SHA-256 of the settings.
    """

    records: Callable[[], Iterator[ImageRecord]]
    counts: Mapping[str, int]
    settings: Mapping[str, Any]
    fingerprint: str


def _format_contours(lesion: Lesion) -> list[list[float]]:
    """Round to a hundredth of a pixel; the last point, which is the first one, is left out."""
    return [
        [
            round(float(value) + HALF_PIXEL, 2)
            for point in contour[:-1]
            for value in (point[1], point[0])
        ]
        for contour in lesion.contours
    ]
