"""A synthetic sweep: the probe slides over a lesion and past it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.phantom.phantom import DEPTH_MM
from pipeline.phantom.phantom_lesion import Lesion, Pathology, draw_lesions
from pipeline.phantom.phantom_marks import Box
from pipeline.phantom.phantom_speckle import draw_scatterers, render_bmode
from pipeline.phantom.phantom_tissue import Tissue, add_lesion, draw_tissue

SLIDE = 0.25
"""Way of the probe along its own plane from first to last frame, as a share of the width."""

REACH = 1.15
"""Way of the probe across the plane, in semi-axes of the lesion to either side of its centre.

Above 1, so that the first and the last frame of a sweep of 4 or more show no lesion.
"""


@dataclass(frozen=True)
class PhantomCine:
    """A synthetic cine and what is true of it.

    Attributes:
        images: uint8 (F, H, W), 0 black to 255 white.
        labels: bool (F, H, W), true in the exact interior of the lesion of that frame.
        mm_per_pixel: edge of a pixel in mm, the same along rows and columns.
        box: x0, y0, x1, y1 of the B-mode field in pixels, inclusive; the whole image.
        pathology: `"normal"` if and only if no frame has a lesion.
        lesions: the lesion of each frame, `None` where the plane misses it.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.bool_]
    mm_per_pixel: float
    box: Box
    pathology: Pathology
    lesions: tuple[Lesion | None, ...]


def make_phantom_cine(
    seed: int,
    *,
    frames: int = 12,
    shape: tuple[int, int] = (400, 500),
    pathology: Pathology = "benign",
    mm_per_pixel: float | None = None,
) -> PhantomCine:
    """Make a sweep over one lesion.

    Tissue and speckle stay in place under a probe that slides sideways, so the picture drifts to
    the left; the lesion drifts with it, grows and shrinks again.

    Args:
        seed: seed of everything that is drawn, 0 or more; the same arguments give the same bytes.
        frames: number of frames, 1 or more; of 4 or more, the first and the last show no lesion.
        shape: rows and columns of a frame, 16 or more each.
        pathology: kind of lesion, or `"normal"` for none.
        mm_per_pixel: `None` draws a depth of 30 to 50 mm and divides it by the rows.

    Returns:
        The cine.

    Raises:
        ValueError: if `frames`, `shape` or `mm_per_pixel` is out of range.
    """
    if frames < 1 or min(shape) < 16 or (mm_per_pixel is not None and not mm_per_pixel > 0):
        msg = (
            "expected 1 frame or more of 16 x 16 or more and a positive mm_per_pixel, "
            f"got {frames} of {shape} and {mm_per_pixel}"
        )
        raise ValueError(msg)
    depth = np.random.default_rng([seed, 5]).uniform(*DEPTH_MM)
    mm = depth / shape[0] if mm_per_pixel is None else mm_per_pixel
    slide = round(SLIDE * shape[1])
    wide = shape[0], shape[1] + slide
    tissue = draw_tissue(np.random.default_rng([seed, 6]), wide, mm)
    scatterers = draw_scatterers(np.random.default_rng([seed, 7]), wide)
    noise = np.random.default_rng([seed, 8])
    drawn = draw_lesions(
        np.random.default_rng([seed, 9]), pathology, 1, (shape[0] * mm, (shape[1] - slide) * mm)
    )

    images = np.zeros((frames, *shape), dtype=np.uint8)
    labels = np.zeros((frames, *shape), dtype=np.bool_)
    lesions: list[Lesion | None] = []
    for index, across in enumerate(np.linspace(-1, 1, frames) if frames > 1 else (0.0,)):
        left = round(slide * (across + 1) / 2)
        window = np.s_[:, left : left + shape[1]]
        # A plane `REACH * across` semi-axes from the centre of an ellipsoid cuts an ellipse.
        size = np.sqrt(max(0.0, 1 - (REACH * across) ** 2))
        plane = Tissue(tissue.echo_db[window].copy(), tissue.loss_db_per_mm[window].copy(), mm)
        lesion = _cut_lesion(drawn[0], size, (slide - left) * mm) if drawn and size > 0 else None
        if lesion is not None:
            labels[index] = add_lesion(plane, lesion)
        lesions.append(lesion)
        images[index] = render_bmode(
            plane,
            scatterers[window],
            draw_scatterers(noise, shape),
            np.random.default_rng([seed, 10]),
        )
    box = (0, 0, shape[1] - 1, shape[0] - 1)
    found: Pathology = pathology if labels.any() else "normal"
    return PhantomCine(images, labels, mm, box, found, tuple(lesions))


def _cut_lesion(lesion: Lesion, size: float, shift_mm: float) -> Lesion:
    return replace(
        lesion,
        center_mm=(lesion.center_mm[0], lesion.center_mm[1] + shift_mm),
        semi_axes_mm=(lesion.semi_axes_mm[0] * size, lesion.semi_axes_mm[1] * size),
    )
