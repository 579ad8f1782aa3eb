"""Find what is drawn over an ultrasound image in colour."""

import numpy as np
from numpy.typing import NDArray

from pipeline.readers.image_source import rgb_to_grey

MOST_COLOURED = 0.25
"""Share of a B-mode image beyond which too little tissue is left between what is coloured."""

_LEAST_COLOUR = 40
"""Difference of red or blue from luma, beyond that of a tinted image, from which it is colour."""

_EDGE_PX = 2
"""Width of the edge of what is coloured, where smoothing and JPEG mix it with grey."""

_NO_BLUE_RED = 128
"""Cb and Cr of grey."""

_RED_OF_CR, _BLUE_OF_CB = 1.402, 1.772
"""What they weigh in red and blue minus luma (ITU-R BT.601)."""

_DARK = 32
"""Luma below which a tint is not measured."""

_STEP = 4
"""One in so many rows and columns is enough to measure it."""

_LINES = 256
"""Lines of pixels that are compared at once."""

_WHITE = 255


def find_coloured(pixels: NDArray[np.uint8], *, is_ybr: bool = False) -> NDArray[np.bool_] | None:
    """Find pixels in colour: blood flow, the frame around it, calipers and text.

    Their luma is no echo: red of a slow flow is dark, and yellow of a fast one bright. A picture
    that is tinted as a whole, as scanners offer it, is not coloured: its tint is measured as the
    median of red and of blue over luma, and what follows it counts as grey. So does what is grey
    itself, as tissue within a console in colour.

    Args:
        pixels: (H, W, 3), RGB, or YBR_FULL (PS3.3 section C.7.6.3.1.2).
        is_ybr: whether they are YBR.

    Returns:
        (H, W), with a margin of 2 px; `None` if nothing is coloured.
    """
    if _is_faint(pixels, is_ybr=is_ybr):
        return None
    few = _split(pixels[::_STEP, ::_STEP], is_ybr=is_ybr)
    red_tint, blue_tint = (_measure_tint(few[0], difference) for difference in few[1:])
    coloured = np.zeros(pixels.shape[:2], np.bool_)
    for start in range(0, len(pixels), _LINES):
        part = slice(start, start + _LINES)
        luma, red, blue = _split(pixels[part], is_ybr=is_ybr)
        is_red = _is_strong(red) & _is_strong(red - _tint(luma, red_tint))
        coloured[part] = is_red | (_is_strong(blue) & _is_strong(blue - _tint(luma, blue_tint)))
    if not coloured.any():
        return None
    widened: NDArray[np.bool_] = _widen(_widen(coloured).T).T
    return widened


def _is_faint(pixels: NDArray[np.uint8], *, is_ybr: bool) -> bool:
    """Whether no colour can be strong, as in most of ultrasound: this is fast."""
    first, second, third = (pixels[..., sample] for sample in range(3))
    if is_ybr:
        blue, red = (_reach(each) for each in (second, third))
        return max(blue * _BLUE_OF_CB, red * _RED_OF_CR) <= _LEAST_COLOUR
    # Luma lies between red, green and blue.
    return _differ(first, second) + _differ(third, second) <= _LEAST_COLOUR


def _is_strong(difference: NDArray[np.float32]) -> NDArray[np.bool_]:
    strong: NDArray[np.bool_] = np.abs(difference) > _LEAST_COLOUR
    return strong


def _reach(chroma: NDArray[np.uint8]) -> int:
    return max(_NO_BLUE_RED - int(chroma.min()), int(chroma.max()) - _NO_BLUE_RED)


def _differ(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> int:
    return int((np.maximum(first, second) - np.minimum(first, second)).max())


def _split(pixels: NDArray[np.uint8], *, is_ybr: bool) -> tuple[NDArray[np.float32], ...]:
    """Give luma, and what red and blue have more than it."""
    if is_ybr:
        luma, blue, red = (pixels[..., sample].astype(np.float32) for sample in range(3))
        return luma, (red - _NO_BLUE_RED) * _RED_OF_CR, (blue - _NO_BLUE_RED) * _BLUE_OF_CB
    luma = rgb_to_grey(pixels).astype(np.float32)
    return luma, pixels[..., 0] - luma, pixels[..., 2] - luma


def _measure_tint(luma: NDArray[np.float32], difference: NDArray[np.float32]) -> float:
    is_bright = luma >= _DARK
    return float(np.median(difference[is_bright] / luma[is_bright])) if is_bright.any() else 0.0


def _tint(luma: NDArray[np.float32], tint: float) -> NDArray[np.float32]:
    """What a tinted image has more than luma, as far as a byte holds it."""
    added: NDArray[np.float32] = np.clip(luma * np.float32(tint), -luma, _WHITE - luma)
    return added


def _widen(coloured: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add the edge above and below."""
    wide: NDArray[np.bool_] = coloured.copy()
    for step in range(1, _EDGE_PX + 1):
        wide[step:] |= coloured[:-step]
        wide[:-step] |= coloured[step:]
    return wide
