"""Pictures as other scanners, settings and archives would have made them.

Each function takes the grey image (H, W), uint8, its mask (H, W), bool, and a generator, and
returns new ones of both, the image in RGB (H, W, 3) if it has colours; what moves the tissue
moves the mask with it.
"""

from collections.abc import Callable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from skimage.transform import warp

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Pair = tuple[Grey, Mask]
Degrade = Callable[[Grey, Mask, np.random.Generator], Pair]

SMALL_PX = 200
"""Longer side of a picture of low resolution."""

JPEG_QUALITY = 35

FLOW_SHARE = 0.1
"""Share of the frame around a flow that is coloured."""

MARK = 235
"""Grey level of text and calipers."""


def keep(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Leave all as it is."""
    return image, mask


def lower_resolution(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Make the picture small and save it as a poor JPEG."""
    scale = SMALL_PX / max(image.shape)
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    buffer = BytesIO()
    Image.fromarray(image).resize(size).save(buffer, "JPEG", quality=JPEG_QUALITY)
    small = Image.fromarray(mask).resize(size, Image.Resampling.NEAREST)
    with Image.open(buffer) as picture:
        return np.array(picture), np.array(small)


def raise_gain(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Make everything brighter, with bright tissue saturated."""
    return _clip(image * 1.5 + 15), mask


def lower_gain(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Make everything darker, with dark tissue lost in black."""
    return _clip(image * 0.6 - 12.0), mask


def widen_dynamic_range(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Lift dark tissue: a flat, milky picture."""
    return _clip(255 * (image / 255) ** 0.5), mask


def narrow_dynamic_range(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Drop dark tissue: a hard picture."""
    return _clip(255 * (image / 255) ** 2.0), mask


def darken_depth(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Let the gain fall with depth."""
    return _clip(image * np.linspace(1.4, 0.4, len(image))[:, None]), mask


def darken_near_field(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Let the gain rise with depth."""
    return _clip(image * np.linspace(0.4, 1.4, len(image))[:, None]), mask


def cast_shadows(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Let two columns of tissue lie in shadow, as below ribs and poor contact."""
    height, width = image.shape
    gain = np.ones((height, width))
    for _ in range(2):
        left, top = round(rng.uniform(0, 0.9) * width), round(rng.uniform(0, 0.4) * height)
        gain[top:, left : left + round(0.1 * width)] = 0.2
    return _clip(image * ndimage.gaussian_filter(gain, 0.015 * width)), mask


def coarsen_speckle(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Blur the picture and put a coarser speckle on it, as of a lower frequency."""
    sigma = 0.007 * image.shape[1]
    noise = ndimage.gaussian_filter(rng.standard_normal(image.shape), sigma)
    blurred = ndimage.gaussian_filter(image * 1.0, sigma)
    return _clip(blurred * (1 + 0.25 * noise / noise.std())), mask


def add_noise(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Add electronic noise, more of it the deeper."""
    noise = rng.standard_normal(image.shape) * np.linspace(5, 35, len(image))[:, None]
    return _clip(image + noise), mask


def zoom_in(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Cut out two thirds of each side, with as much of the lesion as goes in."""
    return _cut(image, mask, (0.67, 0.67))


def narrow_field(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Cut out three fifths of the width at full depth, as of a shorter probe."""
    return _cut(image, mask, (1.0, 0.6))


def deepen(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Let the tissue end at two thirds of the depth, with an echo that fades below it."""
    height = len(image)
    added = height // 2
    strip = image[-max(2, height // 8) :]
    below = np.pad(strip, ((0, added), (0, 0)), "symmetric")[len(strip) :]
    fading = _clip(below * np.linspace(0.8, 0.1, added)[:, None])
    return np.vstack((image, fading)), np.pad(mask, ((0, added), (0, 0)))


def bend(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Bend the picture into the sector of a curved probe, in black."""
    height, width = image.shape
    half, near = 0.5, 0.8 * height  # radians to each side; radius of the probe
    top = near * np.cos(half)
    scale = (near + height - top) / height

    def find(places: NDArray[np.float64]) -> NDArray[np.float64]:
        across = (places[:, 0] - (width - 1) / 2) * scale
        across *= 2 * (near + height) * np.sin(half) / (width * scale)
        down = places[:, 1] * scale + top
        angle, radius = np.arctan2(across, down), np.hypot(across, down)
        columns = (angle / half + 1) / 2 * (width - 1)
        return np.stack((columns, radius - near), axis=1)

    bent = warp(image * 1.0, find, order=1, cval=0)
    return _clip(bent), warp(mask * 1.0, find, order=0, cval=0) > 0.5


def show_console(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Put the picture into that of a scanner's screen, with text, a grey bar and depth ticks."""
    height, width = image.shape
    top, left, bottom, right = height // 6, width // 4, height // 8, width // 6
    margins = ((top, bottom), (left, right))
    canvas = Image.fromarray(np.pad(image, margins, constant_values=8))
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(max(9, height // 28))
    draw.text((left // 8, top // 6), "BREAST  L12-5\n12 Hz  4 cm", fill=MARK, font=font)
    draw.text((left // 8, top + height // 3), "2D\n62%\nC 55\nP Low", fill=MARK, font=font)
    draw.text((left, top + height + bottom // 4), "RT BREAST  3:00", fill=MARK, font=font)
    bar = left + width + right // 3
    for step in range(16):
        low = top + step * height // 32
        box = (bar, low, bar + right // 6, low + height // 32)
        draw.rectangle(box, fill=255 - 16 * step)
    for step in range(9):
        row = top + step * (height - 1) // 8
        draw.line((left + width + 3, row, left + width + 9, row), fill=MARK)
    return np.array(canvas), np.pad(mask, margins)


def write_text(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Write an annotation into the tissue."""
    height, width = image.shape
    canvas = Image.fromarray(image)
    font = ImageFont.load_default(max(10, height // 16))
    place = (rng.uniform(0.05, 0.5) * width, rng.uniform(0.6, 0.85) * height)
    ImageDraw.Draw(canvas).text(place, "RIGHT 3:00 AR", fill=MARK, font=font)
    return np.array(canvas), mask


def draw_calipers(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Measure the lesion, or, where there is none, some tissue."""
    rows, columns = _find_box(mask, rng)
    middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
    canvas = Image.fromarray(image)
    draw = ImageDraw.Draw(canvas)
    arm = max(3, len(image) // 60)
    for first, last in (
        ((columns.min(), middle[1]), (columns.max(), middle[1])),
        ((middle[0], rows.min()), (middle[0], rows.max())),
    ):
        for share in np.linspace(0, 1, 25):
            draw.point(tuple((1 - share) * np.array(first) + share * np.array(last)), fill=MARK)
        for x, y in (first, last):
            draw.line((x - arm, y, x + arm, y), fill=MARK)
            draw.line((x, y - arm, x, y + arm), fill=MARK)
    return np.array(canvas), mask


def show_flow(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Show blood flow in colour in and around the lesion, or in some tissue, within a frame."""
    height, width = image.shape
    rows, columns = _find_box(mask, rng)
    margin = 0.25 * max(np.ptp(rows), np.ptp(columns)) + 0.03 * width
    left, right = np.clip((columns[0] - margin, columns[1] + margin), 0, width - 1).round()
    top, bottom = np.clip((rows[0] - margin, rows[1] + margin), 0, height - 1).round()
    flow = ndimage.gaussian_filter(rng.standard_normal(image.shape), max(2, 0.02 * width))
    within = np.zeros(image.shape, dtype=bool)
    within[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = True
    speed = np.abs(flow / flow.std())
    least = np.quantile(speed[within], 1 - FLOW_SHARE)
    moves = within & (speed > least)
    bright = np.clip(speed - least, 0, 1)[moves]
    strong, weak, none = 160 + 95 * bright, 40 + 200 * bright, 0 * bright
    towards = (flow[moves] > 0)[:, None]
    colours = np.where(
        towards, np.stack((strong, weak, none), axis=1), np.stack((none, weak, strong), axis=1)
    )
    rgb = np.repeat(image[..., None], 3, axis=2)
    rgb[moves] = colours
    canvas = Image.fromarray(rgb)
    ImageDraw.Draw(canvas).rectangle((left, top, right, bottom), outline=(0, 220, 0))
    return np.array(canvas), mask


def draw_coloured_calipers(image: Grey, mask: Mask, rng: np.random.Generator) -> Pair:
    """Draw the calipers of `draw_calipers` in yellow."""
    marked, _ = draw_calipers(image, mask, rng)
    rgb = np.repeat(image[..., None], 3, axis=2)
    rgb[marked != image] = (MARK, MARK, 0)
    return rgb, mask


DEGRADATIONS: dict[str, Degrade] = {
    "as it is": keep,
    "200 px, poor JPEG": lower_resolution,
    "more gain": raise_gain,
    "less gain": lower_gain,
    "wide dynamic range": widen_dynamic_range,
    "narrow dynamic range": narrow_dynamic_range,
    "gain falls with depth": darken_depth,
    "gain rises with depth": darken_near_field,
    "two shadows": cast_shadows,
    "coarse speckle": coarsen_speckle,
    "noise": add_noise,
    "zoomed in": zoom_in,
    "narrow field": narrow_field,
    "scanned deeper": deepen,
    "curved probe": bend,
    "console around it": show_console,
    "text in the tissue": write_text,
    "calipers": draw_calipers,
    "calipers in yellow": draw_coloured_calipers,
    "blood flow in colour": show_flow,
}
"""By the name in the table."""


def _clip(image: NDArray[np.floating]) -> Grey:
    return np.asarray(np.clip(np.rint(image), 0, 255), np.uint8)


def _find_box(mask: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """First and last row and column of the lesion, or of some tissue."""
    height, width = mask.shape
    if mask.any():
        rows, columns = np.nonzero(mask)
        return np.array(((rows.min(), rows.max()), (columns.min(), columns.max())), float)
    left = rng.uniform(0.2, 0.5) * width
    return np.array(((0.35 * height, 0.6 * height), (left, left + 0.3 * width)))


def _cut(image: Grey, mask: Mask, shares: tuple[float, float]) -> Pair:
    """Cut out a window of these shares of height and width, the lesion in its middle."""
    window = []
    for axis, share in enumerate(shares):
        length = image.shape[axis]
        size = round(share * length)
        found = np.flatnonzero(mask.any(axis=1 - axis))
        middle = (found[0] + found[-1] + 1) / 2 if len(found) else length / 2
        first = int(np.clip(round(middle - size / 2), 0, length - size))
        window.append(slice(first, first + size))
    rows, columns = window
    return image[rows, columns], mask[rows, columns]
