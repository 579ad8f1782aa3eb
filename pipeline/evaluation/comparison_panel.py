"""A picture that shows what was predicted beside what is true."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

BAR_PX = 40
"""Height of the caption bar above the tiles."""

GAP_PX = 4
"""Width of the strip between two tiles."""

TRUTH_COLOUR = (86, 180, 233)
"""Sky blue of the Okabe-Ito palette, told from orange by colour-blind readers too."""

PREDICTION_COLOUR = (230, 159, 0)
"""Orange of the Okabe-Ito palette."""

AGREEMENT_COLOUR = (255, 255, 255)
"""Where both contours run over the same pixel."""

_TEXT_COLOUR = (255, 255, 255)
_STRIP_COLOUR = (64, 64, 64)
_FONT_PX = 13


def draw_comparison(
    original: NDArray[Any],
    label: NDArray[Any],
    pred: NDArray[Any],
    *,
    caption: str,
    tile_px: int = 384,
) -> Image.Image:
    """Draw image, true mask, predicted mask and the image with both contours side by side.

    Args:
        original: grey image (H, W), values 0 to 255.
        label: true mask (H, W), values 0 and 1; drawn white on black.
        pred: predicted mask (H, W), values 0 and 1; drawn white on black.
        caption: one line of text for the bar; cut off where it does not fit.
        tile_px: longest side of a tile; larger images are scaled down, smaller ones are not
            scaled.

    Returns:
        RGB picture, `BAR_PX` higher than a tile and four tiles and three strips wide. A mask
        pixel that is scaled down with healthy ones around it stays white.
    """
    height, width = original.shape
    scale = min(1.0, tile_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = Image.fromarray(np.clip(np.rint(original), 0, 255).astype(np.uint8))
    grey = grey.resize(size, Image.Resampling.BILINEAR)
    true, predicted = (_scale_mask(mask, size) for mask in (label, pred))
    tiles = {
        "image": (grey, _TEXT_COLOUR),
        "truth": (Image.fromarray(true), TRUTH_COLOUR),
        "prediction": (Image.fromarray(predicted), PREDICTION_COLOUR),
        "truth and prediction": (_draw_contours(grey, true, predicted), _TEXT_COLOUR),
    }
    panel = Image.new("RGB", (4 * size[0] + 3 * GAP_PX, BAR_PX + size[1]), _STRIP_COLOUR)
    draw = ImageDraw.Draw(panel)
    draw.rectangle((0, 0, panel.width, BAR_PX - 1), fill=0)
    font = ImageFont.load_default(_FONT_PX)
    draw.text((4, 3), _cut_text(caption, panel.width - 8, draw, font), _TEXT_COLOUR, font)
    for column, (title, (tile, colour)) in enumerate(tiles.items()):
        left = column * (size[0] + GAP_PX)
        panel.paste(tile, (left, BAR_PX))
        draw.text((left + 4, 21), _cut_text(title, size[0] - 8, draw, font), colour, font)
    return panel


def _scale_mask(mask: NDArray[Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    image = Image.fromarray((mask > 0).astype(np.float32))
    # The mean over the covered source pixels: a lesion of few pixels must not vanish.
    covered = np.asarray(image.resize(size, Image.Resampling.BOX)) > 0
    white: NDArray[np.uint8] = np.where(covered, 255, 0).astype(np.uint8)
    return white


def _draw_contours(
    grey: Image.Image, true: NDArray[np.uint8], predicted: NDArray[np.uint8]
) -> Image.Image:
    pixels = np.array(grey.convert("RGB"))
    contours = [(mask > 0) & ~ndimage.binary_erosion(mask) for mask in (true, predicted)]
    pixels[contours[0]] = TRUTH_COLOUR
    pixels[contours[1]] = PREDICTION_COLOUR
    pixels[contours[0] & contours[1]] = AGREEMENT_COLOUR
    return Image.fromarray(pixels)


def _cut_text(
    text: str,
    width: int,
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> str:
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "...", font) > width:
        text = text[:-1]
    return text + "..." if text else ""
