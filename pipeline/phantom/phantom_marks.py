"""What a scanner burns into a picture: text, calipers and depth ticks."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.phantom.phantom_lesion import Lesion

Box = tuple[int, int, int, int]

CONSOLE_TEXT = ("BREAST {side}", "L12-5  {depth} cm", "MI 1.1  TIs 0.3", "Gn {gain}  DR 60")
"""Lines of generic text; no name, no date, no institution."""

MARK = 235
"""Grey level of text and marks."""


def draw_text(image: NDArray[np.uint8], box: Box, depth_mm: float, seed: int) -> None:
    """Write console text, above and beside the field if there is room, else into it, in place.

    Args:
        image: uint8 (H, W), 0 to 255.
        box: x0, y0, x1, y1 of the B-mode field, inclusive.
        depth_mm: depth of the field, which the text states.
        seed: chooses side and gain.
    """
    rng = np.random.default_rng([seed, 11])
    values = {
        "side": "RL"[rng.integers(2)],
        "depth": f"{depth_mm / 10:.0f}",
        "gain": rng.integers(40, 70),
    }
    size = int(np.clip(image.shape[0] // 34, 8, 16))
    font = ImageFont.load_default(size)
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    lines = [line.format(**values) for line in CONSOLE_TEXT]
    step = size + 3
    draw.text((4, 3), "  ".join(lines[:2]), fill=MARK, font=font)
    draw.text((4, image.shape[0] - step - 2), lines[2], fill=MARK, font=font)
    if box[0] > step * 4:
        draw.text((4, box[1] + step), lines[3].replace("  ", "\n"), fill=MARK, font=font)
    image[:] = np.asarray(canvas)


def draw_ticks(image: NDArray[np.uint8], box: Box, mm_per_pixel: float) -> None:
    """Draw a depth scale of 5 mm along the right side of the field, in place.

    Args:
        image: uint8 (H, W), 0 to 255.
        box: x0, y0, x1, y1 of the B-mode field, inclusive.
        mm_per_pixel: edge of a pixel in mm.
    """
    step = 5 / mm_per_pixel
    for index in range(int((box[3] - box[1]) / step) + 1):
        row = box[1] + round(index * step)
        length = 7 if index % 2 == 0 else 4
        if row <= box[3]:
            image[row, max(box[0], box[2] - length + 1) : box[2] + 1] = MARK


def draw_calipers(image: NDArray[np.uint8], box: Box, mm_per_pixel: float, lesion: Lesion) -> None:
    """Draw the two measured axes of a lesion: crosses joined by dotted lines, in place.

    Args:
        image: uint8 (H, W), 0 to 255.
        box: x0, y0, x1, y1 of the B-mode field, inclusive.
        mm_per_pixel: edge of a pixel in mm.
        lesion: the measured lesion.
    """
    margin = lesion.margin_mm() / mm_per_pixel - 0.5 + (box[1], box[0])
    for first, last in _measured_axes(margin):
        length = np.hypot(*(last - first))
        for t in np.linspace(0, 1, max(2, int(length // 5))):
            _dot(image, first + t * (last - first), box, arm=0)
        for end in (first, last):
            _dot(image, end, box, arm=max(2, image.shape[0] // 90))


def _measured_axes(margin: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Take the longest chord and the widest extent at right angles to it."""
    apart = np.hypot(*(margin[:, None] - margin[None]).transpose(2, 0, 1))
    i, j = np.unravel_index(int(apart.argmax()), apart.shape)
    along = (margin[j] - margin[i]) / max(apart[i, j], 1e-9)
    # Of the chords at right angles to the long one, within 3 degrees, the longest.
    chords = margin[None] - margin[:, None]
    crossing = np.where(np.abs(chords @ along) < 0.05 * apart, apart, 0)
    k, m = np.unravel_index(int(crossing.argmax()), crossing.shape)
    return [margin[[i, j]], margin[[k, m]]]


def _dot(image: NDArray[np.uint8], at: NDArray[np.float64], box: Box, *, arm: int) -> None:
    row, column = (round(float(value)) for value in at)
    for offset in range(-arm, arm + 1):
        for y, x in ((row + offset, column), (row, column + offset)):
            if box[1] <= y <= box[3] and box[0] <= x <= box[2]:
                image[y, x] = MARK
