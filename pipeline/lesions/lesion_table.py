"""The line of one lesion in ``lesions.csv``."""

from pipeline.lesions.lesion import Lesion

LESION_COLUMNS = (
    "file",
    "frame",
    "lesion",
    "probability",
    "peak_probability",
    "malignancy",
    "area_px",
    "area_mm2",
    "long_axis_px",
    "long_axis_mm",
    "short_axis_px",
    "short_axis_mm",
    "depth_px",
    "depth_mm",
    "width_px",
    "width_mm",
    "depth_width_ratio",
    "orientation",
    "top_distance_px",
    "top_distance_mm",
    "solidity",
    "circularity",
    "irregularity",
    "centroid_row",
    "centroid_column",
    "box_top",
    "box_left",
    "box_bottom",
    "box_right",
    "mm_per_pixel_y",
    "mm_per_pixel_x",
)
"""Columns of ``lesions.csv``, in their order."""


def format_lesion(file: str, frame: int | None, lesion: Lesion) -> dict[str, str]:
    """Format one lesion, the same in every run.

    Lengths and areas have two decimals, ratios and probabilities four, mm per pixel six
    significant digits. Whatever is in mm is empty without calibration. `box_bottom` and
    `box_right` are the last row and column + 1.

    Args:
        file: path of the source relative to the input folder, with forward slashes.
        frame: number of the frame from 1; `None`, an empty cell, for a file with a single one.
        lesion: one of `find_lesions`.

    Returns:
        The cells by column, in the order of `LESION_COLUMNS`.
    """
    mm_per_pixel = lesion.mm_per_pixel or (None, None)
    cells = (
        file,
        "" if frame is None else str(frame),
        str(lesion.number),
        _format(lesion.probability, ".4f"),
        _format(lesion.peak_probability, ".4f"),
        _format(lesion.malignancy, ".4f"),
        str(lesion.area_px),
        _format(lesion.area_mm2, ".2f"),
        _format(lesion.long_axis.length_px, ".2f"),
        _format(lesion.long_axis.length_mm, ".2f"),
        _format(lesion.short_axis.length_px, ".2f"),
        _format(lesion.short_axis.length_mm, ".2f"),
        str(lesion.depth_px),
        _format(lesion.depth_mm, ".2f"),
        str(lesion.width_px),
        _format(lesion.width_mm, ".2f"),
        _format(lesion.depth_width_ratio, ".4f"),
        lesion.orientation.value,
        str(lesion.top_distance_px),
        _format(lesion.top_distance_mm, ".2f"),
        _format(lesion.solidity, ".4f"),
        _format(lesion.circularity, ".4f"),
        _format(lesion.irregularity, ".4f"),
        *(_format(value, ".2f") for value in lesion.centroid),
        *(str(edge) for edge in lesion.box),
        *(_format(mm, ".6g") for mm in mm_per_pixel),
    )
    return dict(zip(LESION_COLUMNS, cells, strict=True))


def _format(value: float | None, spec: str) -> str:
    return "" if value is None else format(value, spec)
