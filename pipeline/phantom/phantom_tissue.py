"""The synthetic breast without speckle: layers, distractors and lesions as decibels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.phantom.phantom_lesion import Lesion

FloatImage = NDArray[np.float32]

SKIN_DB, FAT_DB, GLAND_DB, MUSCLE_DB, FASCIA_DB, CHEST_DB = -20.0, -43.0, -32.0, -45.0, -24.0, -52.0
"""Mean echo of each layer below white."""

LESION_DB = {"anechoic": -80.0, "hypoechoic": -51.0, "isoechoic": -44.0}
"""Mean echo inside a lesion below white."""

POSTERIOR_DB_PER_MM = {"none": 0.0, "enhancement": -0.55, "shadow": 1.6}
"""Extra loss along the way of the beam through a lesion; a gain is negative."""


@dataclass
class Tissue:
    """What the beam meets in each pixel of the B-mode field.

    Attributes:
        echo_db: float32 (H, W), mean echo in dB below white, at most 0.
        loss_db_per_mm: float32 (H, W), extra attenuation along the beam (down the column).
        mm_per_pixel: edge of a pixel in mm.
    """

    echo_db: FloatImage
    loss_db_per_mm: FloatImage
    mm_per_pixel: float

    @property
    def size_mm(self) -> tuple[float, float]:
        """Depth and width of the field in mm."""
        rows, columns = self.echo_db.shape
        return rows * self.mm_per_pixel, columns * self.mm_per_pixel


def draw_tissue(rng: np.random.Generator, shape: tuple[int, int], mm_per_pixel: float) -> Tissue:
    """Draw a breast without a lesion: skin, fat, gland, muscle, chest wall and distractors.

    Args:
        rng: source of chance.
        shape: rows and columns of the B-mode field.
        mm_per_pixel: edge of a pixel in mm.

    Returns:
        The tissue; fat lobules, a nipple shadow and a rib come by chance.
    """
    depth, _ = size = shape[0] * mm_per_pixel, shape[1] * mm_per_pixel
    down = ((np.arange(shape[0]) + 0.5) * mm_per_pixel)[:, None].astype(np.float32)

    def wave(at: float, height: float, period: float) -> FloatImage:
        height_mm = height * draw_waves(rng, shape, mm_per_pixel, (depth, period))[:1]
        return np.asarray(at + height_mm, dtype=np.float32)

    skin = wave(rng.uniform(1.4, 2.2), 0.12, 9)
    gland = wave(rng.uniform(0.16, 0.34) * depth, 1.1, 5)
    gland -= rng.uniform(0.5, 2.2) * np.abs(draw_waves(rng, shape, mm_per_pixel, (depth, 3.5))[:1])
    retro = wave(rng.uniform(0.62, 0.76) * depth, 1.0, 6)
    fascia = np.maximum(retro + 0.4, wave(rng.uniform(0.72, 0.8) * depth, 0.6, 10))
    chest = np.maximum(fascia + 1, wave(rng.uniform(0.9, 1.0) * depth, 0.7, 9))

    lobules = draw_waves(rng, shape, mm_per_pixel, (1.5, 3.4))
    ducts = draw_waves(rng, shape, mm_per_pixel, (0.8, 1.8))
    clouds = draw_waves(rng, shape, mm_per_pixel, (2.2, 4.5))
    fibres = draw_waves(rng, shape, mm_per_pixel, (0.28, 5.0))
    septa = np.exp(-((lobules / 0.07) ** 2)).astype(np.float32)

    fat_echo = FAT_DB + 11 * septa + 1.5 * clouds
    gland_echo = GLAND_DB + 2.2 * clouds + 2.5 * ducts - 5 * np.exp(-((ducts / 0.25) ** 2))
    lobe = rng.uniform(1.0, 2.2) if rng.random() < 0.75 else np.inf
    gland_echo = np.where(clouds * 0.5 + lobules > lobe, fat_echo, gland_echo)
    echo = np.where(down < skin, SKIN_DB - 9 * np.exp(-(((down - 0.55 * skin) / 0.35) ** 2)), 0)
    echo = np.where(down >= skin, fat_echo, echo)
    echo = np.where(down >= gland, gland_echo, echo)
    echo = np.where(down >= retro, fat_echo - 1, echo)
    echo = np.where(down >= fascia, MUSCLE_DB + 3.5 * fibres, echo)
    echo = np.where(down >= chest, CHEST_DB + clouds, echo)
    for line, width, level in ((fascia, 0.3, FASCIA_DB), (chest, 0.5, FASCIA_DB + 4)):
        broken = level - 5 * np.abs(clouds)
        echo = np.maximum(echo, broken - 4 * ((down - line) / width) ** 2)

    tissue = Tissue(echo.astype(np.float32), np.zeros(shape, np.float32), mm_per_pixel)
    _add_fat_lobules(rng, tissue, size)
    _add_nipple_shadow(rng, tissue, size)
    _add_rib(rng, tissue, size)
    tissue.loss_db_per_mm += np.maximum(
        0, 0.25 * draw_waves(rng, shape, mm_per_pixel, (depth, 1.5))[:1]
    ) * (down < 0.5 * depth)
    return tissue


def add_lesion(tissue: Tissue, lesion: Lesion) -> NDArray[np.bool_]:
    """Put one lesion into the tissue, in place.

    Returns:
        bool (H, W): the exact interior of the lesion, by pixel centres.
    """
    shape, mm = tissue.echo_db.shape, tissue.mm_per_pixel
    distance = lesion.distance_mm((shape[0], shape[1]), mm).astype(np.float32)
    inside = distance < 0
    rng = np.random.default_rng([lesion.seed, 2])
    texture = draw_waves(rng, (shape[0], shape[1]), mm, (0.9, 1.3))
    roughness = 0.0 if lesion.echo == "anechoic" else 2.0
    irregular = lesion.outline in ("lobulated", "spiculated")
    rim_db, rim_mm, blur_mm = (3.0, 1.6, 0.15) if irregular else (6.0, 0.3, 0.03)
    rim = rim_db * np.exp(-((distance / rim_mm) ** 2))
    interior = LESION_DB[lesion.echo] + roughness * texture
    # The logistic step is half way at the margin, so that a blurred margin stays where it is.
    share = 1 / (1 + np.exp(np.clip(distance / blur_mm, -30, 30)))
    outside = np.minimum(tissue.echo_db + rim, FASCIA_DB)
    tissue.echo_db = (share * interior + (1 - share) * outside).astype(np.float32)
    loss = np.where(inside, np.float32(POSTERIOR_DB_PER_MM[lesion.posterior]), 0)
    if not irregular:
        loss = loss + _edge_shadows(lesion, shape[1], mm) * (np.abs(distance) < 0.6)
    tissue.loss_db_per_mm = (tissue.loss_db_per_mm + loss).astype(np.float32)
    return inside


def draw_waves(
    rng: np.random.Generator,
    shape: tuple[int, int],
    mm_per_pixel: float,
    length_mm: tuple[float, float],
) -> FloatImage:
    """Draw a smooth random field.

    Args:
        rng: source of chance.
        shape: rows and columns.
        mm_per_pixel: edge of a pixel in mm.
        length_mm: correlation length along depth and across.

    Returns:
        float32 (H, W), zero mean and unit variance over many draws.
    """
    # Drawn on a grid of one correlation length a step, because a wide blur at full size is slow.
    coarse = [
        max(2, min(pixels, round(pixels * mm_per_pixel / length)) + 2)
        for pixels, length in zip(shape, length_mm, strict=True)
    ]
    noise = gaussian_filter(
        rng.standard_normal((coarse[0] + 8, coarse[1] + 8)), 0.8, mode="wrap"
    ).astype(np.float32)[4:-4, 4:-4]
    # A unit white field blurred by sigma keeps 1 / (2 sigma sqrt(pi)) of its amplitude in 2-D.
    noise *= 2 * 0.8 * np.sqrt(np.pi)
    field = Image.fromarray(noise).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(field, dtype=np.float32)


def _edge_shadows(lesion: Lesion, columns: int, mm_per_pixel: float) -> FloatImage:
    across = (np.arange(columns) + 0.5) * mm_per_pixel
    margin = lesion.margin_mm()[:, 1]
    shadow = sum(np.exp(-(((across - edge) / 0.5) ** 2)) for edge in (margin.min(), margin.max()))
    return np.asarray(1.5 * shadow, dtype=np.float32)[None]


def _add_fat_lobules(rng: np.random.Generator, tissue: Tissue, size: tuple[float, float]) -> None:
    """Embed lobules of fat in the gland: oval and darker than it, like a lesion at a glance."""
    for _ in range(rng.integers(0, 4)):
        across = rng.uniform(0.05, 0.14) * min(size)
        lobule = Lesion(
            center_mm=(rng.uniform(0.25, 0.65) * size[0], rng.uniform(0, 1) * size[1]),
            semi_axes_mm=(across * rng.uniform(0.22, 0.42), across),
            tilt=rng.uniform(-0.3, 0.3),
        )
        shape = tissue.echo_db.shape
        distance = lobule.distance_mm((shape[0], shape[1]), tissue.mm_per_pixel)
        septum = 5 * np.exp(-(((distance - 0.2) / 0.35) ** 2))
        # Unlike a lesion: as bright as fat, and a bright strand along its middle.
        strand = 9 * np.exp(-(((distance + lobule.semi_axes_mm[0]) / 0.35) ** 2))
        echo = np.where(distance < 0, FAT_DB + 2 + strand, tissue.echo_db + septum)
        tissue.echo_db = echo.astype(np.float32)


def _add_nipple_shadow(rng: np.random.Generator, tissue: Tissue, size: tuple[float, float]) -> None:
    if rng.random() > 0.3:
        return
    columns = (np.arange(tissue.echo_db.shape[1]) + 0.5) * tissue.mm_per_pixel
    center, width = rng.uniform(0, 1) * size[1], rng.uniform(2, 5)
    rows = max(1, round(4 / tissue.mm_per_pixel))
    band = np.exp(-(((columns - center) / width) ** 4)).astype(np.float32)
    tissue.loss_db_per_mm[:rows] += np.float32(rng.uniform(1.5, 3.5)) * band


def _add_rib(rng: np.random.Generator, tissue: Tissue, size: tuple[float, float]) -> None:
    if rng.random() > 0.4:
        return
    rib = Lesion(
        center_mm=(rng.uniform(0.9, 0.98) * size[0], rng.uniform(0.1, 0.9) * size[1]),
        semi_axes_mm=(rng.uniform(2, 3.5), rng.uniform(4, 7)),
    )
    shape = tissue.echo_db.shape
    distance = rib.distance_mm((shape[0], shape[1]), tissue.mm_per_pixel)
    down = (np.arange(shape[0])[:, None] + 0.5) * tissue.mm_per_pixel
    cortex = np.where(down < rib.center_mm[0], 22 * np.exp(-((distance / 0.5) ** 2)), 0)
    echo = np.where(distance < 0, CHEST_DB - 2, tissue.echo_db) + cortex
    tissue.echo_db = np.minimum(echo, SKIN_DB).astype(np.float32)
    tissue.loss_db_per_mm += np.where(distance < 0, np.float32(3), np.float32(0))
