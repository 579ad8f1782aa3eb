"""The image with the outline of its lesions, for a person to check."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation
from skimage.morphology import disk

from pipeline import RESEARCH_ONLY
from pipeline.atomic import write_atomically
from pipeline.lesions.axis import Axis
from pipeline.results.result import Result
from pipeline.results.writer import Writer
from pipeline.writers.grey_levels import to_grey_levels

_OUTLINE, _DIAMETER, _TEXT = (255, 210, 0), (90, 200, 255), 235
_OUTLINE_INDEX, _DIAMETER_INDEX = 254, 1
"""Their places among the greys."""
_PIXELS_PER_LINE_WIDTH = 400
"""Lines are one pixel wide for every so many pixels of the image's longer side."""
_PIXELS_PER_FONT_SIZE, _LEAST_FONT_SIZE = 45, 9
_LEAST_TEXT_PX = 160
"""Width or height of an image below which text would hide it."""
_BAR_LENGTHS_MM, _BAR_SHARE = (50, 20, 10, 5, 2, 1), 0.3
"""Lengths of the scale bar; the longest one is drawn that takes no more of the width."""
_MARGIN_PX = 6
_COMPRESS_LEVEL = 1
"""Speckle hardly compresses: the usual level 6 takes four times as long to save a tenth."""

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class PngOverlay(Writer):
    """Write ``overlays/<path of the source>.png``: the image, its lesions outlined in yellow.

    The outline lies just outside the mask, so that the lesion's own border stays visible. With a
    calibration there are the two diameters of each lesion with their lengths, and a scale bar. The
    file has a palette of 254 greys and two colours.

    Args:
        output_dir: the run's folder; ``overlays`` is made in it.
    """

    suffix = ".png"

    def __init__(self, output_dir: str | Path) -> None:
        self.root = Path(output_dir) / "overlays"

    def write(self, result: Result) -> None:
        """Write one overlay.

        Raises:
            WriteError: the file cannot be written.
        """
        buffer = BytesIO()
        picture = _index_colours(*_draw(result))
        picture.save(buffer, "PNG", compress_level=_COMPRESS_LEVEL)
        write_atomically(self.locate(result.file, result.frame), buffer.getvalue())


def draw_overlay(result: Result) -> NDArray[np.uint8]:
    """Draw the outlines, and what is known in mm.

    Returns:
        (H, W, 3) uint8 RGB at the size of the source.
    """
    grey, marks = (np.asarray(layer) for layer in _draw(result))
    colour = np.repeat(grey[..., None], 3, axis=2)
    colour[marks == _OUTLINE_INDEX], colour[marks == _DIAMETER_INDEX] = _OUTLINE, _DIAMETER
    return colour


def _draw(result: Result) -> tuple[Image.Image, Image.Image]:
    """Draw greys with the texts on one layer, and marks on another, 0 where there are none."""
    grey = Image.fromarray(to_grey_levels(result.image)).copy()
    marks = Image.new("L", grey.size)
    if result.mask.any():
        _paint_outline(marks, result.mask)
    pen = _Pen(*(ImageDraw.Draw(layer) for layer in (grey, marks)))
    size = grey.size
    font = ImageFont.load_default(max(_LEAST_FONT_SIZE, max(size) // _PIXELS_PER_FONT_SIZE))
    for lesion in result.lesions:
        if lesion.long_axis.length_mm is None or lesion.short_axis.length_mm is None:
            continue
        for axis in (lesion.long_axis, lesion.short_axis):
            pen.marks.line(_to_xy(axis), fill=_DIAMETER_INDEX, width=_line_width(result.mask))
        if min(size) >= _LEAST_TEXT_PX:
            text = f"{lesion.long_axis.length_mm:.1f} x {lesion.short_axis.length_mm:.1f} mm"
            _write_beside(pen, size, lesion.box, text, font)
    if min(size) >= _LEAST_TEXT_PX:
        _draw_scale_bar(pen, result, font)
        where = (size[0] - _MARGIN_PX, size[1] - _MARGIN_PX)
        pen.write(where, RESEARCH_ONLY.partition(".")[0], font, anchor="rd")
    return grey, marks


@dataclass(frozen=True)
class _Pen:
    """Draws on the greys and on the marks, which give way to texts."""

    grey: ImageDraw.ImageDraw
    marks: ImageDraw.ImageDraw

    def write(
        self, where: tuple[float, float], text: str, font: _Font, anchor: str | None = None
    ) -> None:
        self.grey.text(
            where, text, fill=_TEXT, font=font, anchor=anchor, stroke_width=1, stroke_fill=0
        )
        self.marks.fontmode = "1"
        self.marks.text(where, text, fill=0, font=font, anchor=anchor, stroke_width=1)


def _index_colours(grey: Image.Image, marks: Image.Image) -> Image.Image:
    """Hold a pixel in one byte in place of three, which takes less time to save.

    Of the 256 greys, the two beside black and white give way to the two colours.
    """
    given_way = {_OUTLINE_INDEX: 255, _DIAMETER_INDEX: 0}
    picture = grey.point([given_way.get(level, level) for level in range(256)])
    picture.paste(marks, mask=marks.point([255 * (level > 0) for level in range(256)]))
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    palette[_OUTLINE_INDEX], palette[_DIAMETER_INDEX] = _OUTLINE, _DIAMETER
    picture.putpalette(palette.tobytes())
    return picture


def _paint_outline(marks: Image.Image, mask: NDArray[np.bool_]) -> None:
    width = _line_width(mask)
    # Only the surroundings of the lesions are processed, a small part of the image.
    window = tuple(
        slice(max(0, int(found[0]) - width - 1), int(found[-1]) + width + 2)
        for found in (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    )
    lesions = mask[window]
    outline = binary_dilation(lesions) & ~lesions
    if width > 1:
        outline = binary_dilation(outline, disk(width // 2)) & ~lesions
    marks.paste(_OUTLINE_INDEX, (window[1].start, window[0].start), Image.fromarray(outline))


def _line_width(mask: NDArray[np.bool_]) -> int:
    return max(1, round(int(max(mask.shape)) / _PIXELS_PER_LINE_WIDTH))


def _to_xy(axis: Axis) -> list[tuple[float, float]]:
    return [(column, row) for row, column in (axis.start, axis.end)]


def _write_beside(
    pen: _Pen, size: tuple[int, int], box: tuple[int, int, int, int], text: str, font: _Font
) -> None:
    """Write below a lesion, or above it where there is no room."""
    _, left, bottom, right = box
    length = pen.grey.textlength(text, font=font)
    x = min(max((left + right - length) / 2, _MARGIN_PX), size[0] - length - _MARGIN_PX)
    line = getattr(font, "size", _LEAST_FONT_SIZE) + _MARGIN_PX
    y = bottom + _MARGIN_PX if bottom + 2 * line < size[1] else box[0] - line - _MARGIN_PX
    pen.write((x, max(y, 0)), text, font)


def _draw_scale_bar(pen: _Pen, result: Result, font: _Font) -> None:
    """Draw a horizontal bar in the lower left corner of each calibrated B-mode image."""
    for region in result.regions:
        if region.mm_per_pixel is None:
            continue
        _, left, bottom, right = region.box
        per_mm = 1 / region.mm_per_pixel[1]
        most = (right - left) * _BAR_SHARE
        length = next((mm for mm in _BAR_LENGTHS_MM if mm * per_mm <= most), None)
        if length is None:
            continue
        x, y = left + _MARGIN_PX, bottom - 2 * _MARGIN_PX
        width = _line_width(result.mask) + 1
        line = [(x, y), (x + length * per_mm, y)]
        pen.grey.line(line, fill=_TEXT, width=width)
        pen.marks.line(line, fill=0, width=width)
        pen.write((x, y - _MARGIN_PX), f"{length} mm", font, anchor="ld")
