"""What is known of one file after the segmentation of all its frames."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset

from pipeline.results.result_frame import ResultFrame


@dataclass(frozen=True)
class SourceResult:
    """The results of one file.

    Attributes:
        file: path relative to the input folder, with forward slashes.
        header: of a DICOM file, without its pixels; `None` for other formats.
        frames: number of frames that were segmented.
        results: of them, in their order; those without lesion may be left out.
        mm_per_pixel: mm between rows and between columns where all B-mode images have the same,
            else `None`.
    """

    file: str
    header: Dataset | None
    frames: int
    results: Sequence[ResultFrame]
    mm_per_pixel: tuple[float, float] | None
