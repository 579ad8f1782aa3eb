"""The image with the outline of its lesions, for a person to check."""

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
from pipeline.writers.grey_levels import to_grey_levels
from pipeline.writers.writer import Writer

_OUTLINE, _DIAMETER, _TEXT = (255, 210, 0), (90, 200, 255), (235, 235, 235)
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

        Args:
            result: the segmentation of one image.

        Raises:
            WriteError: the file cannot be written.
        """
        buffer = BytesIO()
        picture = _index_colours(_draw(result))
        picture.save(buffer, "PNG", compress_level=_COMPRESS_LEVEL)
        write_atomically(self.locate(result.file, result.frame), buffer.getvalue())


def draw_overlay(result: Result) -> NDArray[np.uint8]:
    """Draw the outlines, and what is known in mm.

    Args:
        result: the segmentation of one image.

    Returns:
        (H, W, 3) uint8 RGB at the size of the source.
    """
    return np.asarray(_draw(result))


def _draw(result: Result) -> Image.Image:
    colour = np.repeat(to_grey_levels(result.image)[..., None], 3, axis=2)
    if result.mask.any():
        _paint_outline(colour, result.mask)
    picture = Image.fromarray(colour)
    del colour  # of a large image these bytes count
    draw = ImageDraw.Draw(picture)
    size = max(_LEAST_FONT_SIZE, max(picture.size) // _PIXELS_PER_FONT_SIZE)
    font = ImageFont.load_default(size)
    for lesion in result.lesions:
        if lesion.long_axis.length_mm is None or lesion.short_axis.length_mm is None:
            continue
        for axis in (lesion.long_axis, lesion.short_axis):
            draw.line(_to_xy(axis), fill=_DIAMETER, width=_line_width(result.mask))
        if min(picture.size) >= _LEAST_TEXT_PX:
            text = f"{lesion.long_axis.length_mm:.1f} x {lesion.short_axis.length_mm:.1f} mm"
            _write_beside(draw, picture.size, lesion.box, text, font)
    if min(picture.size) >= _LEAST_TEXT_PX:
        _draw_scale_bar(draw, result, font)
        width, height = picture.size
        where = (width - _MARGIN_PX, height - _MARGIN_PX)
        note = RESEARCH_ONLY.partition(".")[0]
        draw.text(where, note, fill=_TEXT, font=font, anchor="rd", stroke_width=1, stroke_fill=0)
    return picture


def _index_colours(colour: Image.Image) -> Image.Image:
    """Hold a pixel in one byte in place of three, which takes less time to save.

    Of the 256 greys, the two beside black and white give way to the two colours.
    """
    red, blue = (np.asarray(colour.getchannel(name)) for name in "RB")
    index = red.copy()
    index[red == _OUTLINE_INDEX] = 255
    index[red == _DIAMETER_INDEX] = 0
    coloured = red != blue
    index[coloured] = np.where(red[coloured] > blue[coloured], _OUTLINE_INDEX, _DIAMETER_INDEX)
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    palette[_OUTLINE_INDEX], palette[_DIAMETER_INDEX] = _OUTLINE, _DIAMETER
    picture = Image.frombytes("P", (index.shape[1], index.shape[0]), index.tobytes())
    picture.putpalette(palette.tobytes())
    return picture


def _paint_outline(colour: NDArray[np.uint8], mask: NDArray[np.bool_]) -> None:
    width = _line_width(mask)
    # Only the surroundings of the lesions are looked at, which are a small part of the image.
    window = tuple(
        slice(max(0, int(found[0]) - width - 1), int(found[-1]) + width + 2)
        for found in (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    )
    lesions = mask[window]
    outline = binary_dilation(lesions) & ~lesions
    if width > 1:
        outline = binary_dilation(outline, disk(width // 2)) & ~lesions
    colour[window][outline] = _OUTLINE


def _line_width(mask: NDArray[np.bool_]) -> int:
    return max(1, round(int(max(mask.shape)) / _PIXELS_PER_LINE_WIDTH))


def _to_xy(axis: Axis) -> list[tuple[float, float]]:
    return [(column, row) for row, column in (axis.start, axis.end)]


def _write_beside(
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
    text: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Write below a lesion, or above it where there is no room."""
    _, left, bottom, right = box
    length = draw.textlength(text, font=font)
    x = min(max((left + right - length) / 2, _MARGIN_PX), size[0] - length - _MARGIN_PX)
    line = getattr(font, "size", _LEAST_FONT_SIZE) + _MARGIN_PX
    y = bottom + _MARGIN_PX if bottom + 2 * line < size[1] else box[0] - line - _MARGIN_PX
    draw.text((x, max(y, 0)), text, fill=_TEXT, font=font, stroke_width=1, stroke_fill=0)


def _draw_scale_bar(
    draw: ImageDraw.ImageDraw,
    result: Result,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
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
        draw.line([(x, y), (x + length * per_mm, y)], fill=_TEXT, width=width)
        where = (x, y - _MARGIN_PX)
        text = f"{length} mm"
        draw.text(where, text, fill=_TEXT, font=font, anchor="ld", stroke_width=1, stroke_fill=0)
