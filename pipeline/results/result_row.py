"""One line of the table of a run."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "no_lesion", "skipped", "failed"]
"""What became of an image: lesions found, none found, not taken, or broken."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One line of ``results.csv``.

    Attributes:
        file: path relative to the input folder, with forward slashes.
        frame: number of the frame from 1; `None` for a file with a single one, or as a whole.
        status: what became of it.
        reason: why it was skipped or failed; of the others, what to know of the file, or empty.
        region: where the B-mode image is known from, a `RegionOrigin`.
        mm_per_pixel_y: mm between rows, empty if unknown.
        mm_per_pixel_x: mm between columns, empty if unknown.
        lesions: number of lesions.
        suppressed: number of outlines that are less probably a lesion than the operating point asks
            for, and are in no output but the report.
        area_px: their pixels together.
        probability: that there is a lesion at all, 0 to 1.
        boundary_uncertainty: doubtful over lesion pixels, see `BoundaryUncertaintyd`.
        quality: why the mask may be poor, see `judge_quality`, and whether the header names another
            organ than the breast; empty if nothing speaks against it.
        instance: hash of the DICOM instance's UID, the same for copies; empty for other files.

    Several B-mode images in one frame have a list with blanks between, where they differ.
    """

    file: str
    frame: int | None
    status: Status
    reason: str = ""
    region: str = ""
    mm_per_pixel_y: str = ""
    mm_per_pixel_x: str = ""
    lesions: int | None = None
    suppressed: int | None = None
    area_px: int | None = None
    probability: float | None = None
    boundary_uncertainty: float | None = None
    quality: str = ""
    instance: str = ""

    def format(self) -> dict[str, Any]:
        """Give the cells by column, numbers with fixed digits."""
        values = asdict(self)
        for name in ("probability", "boundary_uncertainty"):
            if values[name] is not None:
                values[name] = f"{values[name]:.4f}"
        return values
