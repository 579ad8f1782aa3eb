"""Synthetic breast ultrasound with a known mask and known mm per pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.phantom_lesion import Lesion, Pathology, draw_lesions
from pipeline.phantom.phantom_marks import Box, draw_calipers, draw_text, draw_ticks
from pipeline.phantom.phantom_speckle import draw_scatterers, render_bmode
from pipeline.phantom.phantom_tissue import add_lesion, draw_tissue

DEPTH_MM = (30.0, 50.0)
"""Depth of the field when `mm_per_pixel` is drawn."""

LEAST_SIDE = 16
"""Least rows and columns of an image."""


@dataclass(frozen=True)
class Phantom:
    """A synthetic image and what is true of it.

    Attributes:
        image: uint8 (H, W), H rows from the top, W columns from the left, 0 black to 255 white.
        label: bool (H, W), true in the exact interior of the lesions, by pixel centres.
        mm_per_pixel: edge of a pixel in mm, the same along rows and columns.
        box: x0, y0, x1, y1 of the B-mode field in pixels, inclusive.
        pathology: `"normal"` if and only if there is no lesion.
        lesions: the lesions, in mm from the top left corner of the field.
    """

    image: NDArray[np.uint8]
    label: NDArray[np.bool_]
    mm_per_pixel: float
    box: Box
    pathology: Pathology
    lesions: tuple[Lesion, ...]


def make_phantom(
    seed: int,
    *,
    shape: tuple[int, int] = (400, 500),
    pathology: Pathology | None = None,
    lesion_count: int | None = None,
    lesions: Sequence[Lesion] | None = None,
    mm_per_pixel: float | None = None,
    border: bool = False,
    text: bool = False,
    ticks: bool = False,
    calipers: bool = False,
) -> Phantom:
    """Make a synthetic B-mode image of a breast.

    The same arguments give the same bytes. Text, ticks and calipers change the image only where
    they are drawn, and the label not at all.

    Args:
        seed: seed of everything that is drawn, 0 or more.
        shape: rows and columns of the whole image, 16 or more each.
        pathology: `None` draws it, a quarter of them normal.
        lesion_count: 1 or 2 for an abnormal image; `None` draws it, one in five has 2.
        lesions: exact lesions instead of drawn ones; empty makes a normal image.
        mm_per_pixel: `None` draws a depth of 30 to 50 mm and divides it by the rows of the field.
        border: surround the field with the black console of a scanner.
        text: burn generic console text in.
        ticks: burn a depth scale of 5 mm in, along the right side of the field.
        calipers: burn the measured axes of each lesion in.

    Returns:
        The phantom; a second lesion is left out if there is no room for it.

    Raises:
        ValueError: if `shape`, `lesion_count` or `mm_per_pixel` is out of range, or if
            `pathology` contradicts `lesions` or `lesion_count`.

    Examples:
        >>> phantom = make_phantom(0, shape=(64, 80), pathology="benign")
        >>> phantom.image.shape, bool(phantom.label.any())
        ((64, 80), True)
    """
    _check_arguments(shape, pathology, lesion_count, lesions, mm_per_pixel)
    choice = np.random.default_rng([seed, 0])
    drawn: Pathology = ("benign", "malignant", "normal", "benign")[choice.integers(4)]
    depth = choice.uniform(*DEPTH_MM)
    count = 2 if choice.random() < 0.2 else 1
    box = _place_field(choice, shape) if border else (0, 0, shape[1] - 1, shape[0] - 1)
    field = box[3] - box[1] + 1, box[2] - box[0] + 1
    mm = depth / field[0] if mm_per_pixel is None else mm_per_pixel
    if lesions is None:
        wanted = drawn if pathology is None else pathology
        lesions = draw_lesions(
            np.random.default_rng([seed, 1]),
            wanted,
            count if lesion_count is None else lesion_count,
            (field[0] * mm, field[1] * mm),
        )
    elif pathology is None:
        pathology = "benign"
    pathology = (pathology or drawn) if lesions else "normal"

    tissue = draw_tissue(np.random.default_rng([seed, 2]), field, mm)
    interior = np.zeros(field, dtype=np.bool_)
    for lesion in lesions:
        interior |= add_lesion(tissue, lesion)
    speckle = np.random.default_rng([seed, 3])
    scatterers, noise = draw_scatterers(speckle, field), draw_scatterers(speckle, field)
    bmode = render_bmode(tissue, scatterers, noise, np.random.default_rng([seed, 4]))

    image = np.zeros(shape, dtype=np.uint8)
    label = np.zeros(shape, dtype=np.bool_)
    window = np.s_[box[1] : box[3] + 1, box[0] : box[2] + 1]
    image[window] = bmode
    label[window] = interior
    if ticks:
        draw_ticks(image, box, mm)
    if calipers:
        for lesion in lesions:
            draw_calipers(image, box, mm, lesion)
    if text:
        draw_text(image, box, field[0] * mm, seed)
    return Phantom(image, label, mm, box, pathology, tuple(lesions))


def _check_arguments(
    shape: tuple[int, int],
    pathology: Pathology | None,
    lesion_count: int | None,
    lesions: Sequence[Lesion] | None,
    mm_per_pixel: float | None,
) -> None:
    if min(shape) < LEAST_SIDE:
        msg = f"expected a shape of at least {LEAST_SIDE} x {LEAST_SIDE}, got {shape}"
        raise ValueError(msg)
    if lesion_count not in (None, 1, 2):
        msg = f"expected lesion_count 1, 2 or None, got {lesion_count}"
        raise ValueError(msg)
    if mm_per_pixel is not None and not mm_per_pixel > 0:
        msg = f"expected a positive mm_per_pixel, got {mm_per_pixel}"
        raise ValueError(msg)
    if lesions is not None and (
        lesion_count is not None
        or (pathology is not None and (pathology == "normal") == bool(lesions))
    ):
        msg = f"expected lesions alone, got them with pathology={pathology} count={lesion_count}"
        raise ValueError(msg)
    if pathology == "normal" and lesion_count is not None:
        msg = f"expected no lesion_count for a normal image, got {lesion_count}"
        raise ValueError(msg)


def _place_field(rng: np.random.Generator, shape: tuple[int, int]) -> Box:
    """Leave 8 to 14 per cent of the image free on the left and at the top, less elsewhere."""
    rows, columns = shape
    x0 = round(rng.uniform(0.08, 0.14) * columns)
    y0 = round(rng.uniform(0.08, 0.14) * rows)
    x1 = columns - 1 - round(rng.uniform(0.03, 0.1) * columns)
    y1 = rows - 1 - round(rng.uniform(0.03, 0.08) * rows)
    return x0, y0, x1, y1
