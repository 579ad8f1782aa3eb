"""The outline, echo and shadow of one synthetic lesion."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Outline: TypeAlias = Literal["round", "oval", "lobulated", "spiculated"]
Echo: TypeAlias = Literal["anechoic", "hypoechoic", "isoechoic"]
Posterior: TypeAlias = Literal["none", "enhancement", "shadow"]
Pathology: TypeAlias = Literal["benign", "malignant", "normal"]

LOBE_HARMONICS = range(2, 7)
"""Fourier harmonics of the outline that make lobes; lower ones would only move or scale it."""

SPICULES = 11
"""Number of spicules of a spiculated outline."""

PLACEMENT_TRIES = 60
"""Attempts to place a further lesion clear of the earlier ones before it is left out."""


@dataclass(frozen=True)
class Lesion:
    """One lesion in the plane of the image.

    Lengths are in mm, measured from the top left corner of the B-mode field.

    Attributes:
        center_mm: depth (down) and lateral position (to the right) of the centre.
        semi_axes_mm: semi-axis along depth and semi-axis across, before the tilt.
        tilt: rotation of the axes in radians.
        outline: shape of the margin; `"round"` takes the first semi-axis as its radius.
        echo: brightness inside, against fat.
        posterior: what the echo does below the lesion.
        seed: seed of the lobes and spicules.
    """

    center_mm: tuple[float, float]
    semi_axes_mm: tuple[float, float]
    tilt: float = 0.0
    outline: Outline = "oval"
    echo: Echo = "hypoechoic"
    posterior: Posterior = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the lengths.

        Raises:
            ValueError: if a semi-axis is not positive.
        """
        if min(self.semi_axes_mm) <= 0:
            msg = f"expected positive semi_axes_mm, got {self.semi_axes_mm}"
            raise ValueError(msg)

    def radius_mm(self, angle: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the distance from the centre to the margin.

        Args:
            angle: directions in radians, any shape; 0 is down, pi/2 is to the right.

        Returns:
            The distances in mm, float64, of the shape of `angle`.
        """
        down, across = self.semi_axes_mm
        if self.outline == "round":
            return np.full_like(angle, down)
        turned = angle - self.tilt
        radius = down * across / np.hypot(across * np.cos(turned), down * np.sin(turned))
        if self.outline == "oval":
            return radius
        rng = np.random.default_rng([self.seed, 1])
        factor = np.ones_like(angle)
        for harmonic in LOBE_HARMONICS:
            height = rng.uniform(0.05, 0.2) / (harmonic - 0.5)
            factor += height * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi))
        if self.outline == "spiculated":
            for _ in range(SPICULES):
                width = rng.uniform(25, 130)
                spike = np.exp(width * (np.cos(angle - rng.uniform(0, 2 * np.pi)) - 1))
                factor += rng.uniform(0.1, 0.4) * spike
        return radius * factor

    def margin_mm(self, points: int = 180) -> NDArray[np.float64]:
        """Give points of the margin.

        Args:
            points: number of points, evenly spread over the directions.

        Returns:
            float64 (points, 2), each (depth, lateral) in mm.
        """
        angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
        radius = self.radius_mm(angle)
        return np.stack(
            [
                self.center_mm[0] + radius * np.cos(angle),
                self.center_mm[1] + radius * np.sin(angle),
            ],
            axis=1,
        )

    def distance_mm(self, shape: tuple[int, int], mm_per_pixel: float) -> NDArray[np.float64]:
        """Measure how far outside the margin, along the ray from the centre, each pixel lies.

        Args:
            shape: rows and columns of the B-mode field.
            mm_per_pixel: edge of a pixel in mm.

        Returns:
            float64 (H, W) in mm at the pixel centres; negative inside the lesion.
        """
        down = (np.arange(shape[0])[:, None] + 0.5) * mm_per_pixel - self.center_mm[0]
        across = (np.arange(shape[1])[None, :] + 0.5) * mm_per_pixel - self.center_mm[1]
        distance: NDArray[np.float64] = np.hypot(down, across) - self.radius_mm(
            np.arctan2(across, down)
        )
        return distance


def draw_lesions(
    rng: np.random.Generator,
    pathology: Pathology,
    count: int,
    size_mm: tuple[float, float],
) -> tuple[Lesion, ...]:
    """Draw lesions that fit into the field and do not touch each other.

    Args:
        rng: source of chance.
        pathology: decides outlines, echoes and shadows; `"normal"` has no lesion.
        count: lesions wanted; fewer come back if the field has no room for them.
        size_mm: depth and width of the B-mode field.

    Returns:
        The lesions, all wholly inside the field.
    """
    lesions: list[Lesion] = []
    for _ in range(PLACEMENT_TRIES):
        if pathology == "normal" or len(lesions) == count:
            break
        lesion = _draw_lesion(rng, pathology, size_mm)
        if _is_clear(lesion, lesions, size_mm):
            lesions.append(lesion)
    return tuple(lesions)


def _draw_lesion(
    rng: np.random.Generator, pathology: Pathology, size_mm: tuple[float, float]
) -> Lesion:
    outline: Outline
    echo: Echo
    posterior: Posterior
    across = rng.uniform(0.07, 0.19) * min(size_mm)
    if pathology == "malignant":
        outline = "lobulated" if rng.random() < 0.5 else "spiculated"
        echo = "hypoechoic"
        posterior = "shadow" if rng.random() < 0.65 else "none"
        flatness = rng.uniform(0.7, 1.25)
        tilt = rng.uniform(-0.6, 0.6)
    else:
        outline = ("round", "oval", "oval", "lobulated")[rng.integers(4)]
        echo = ("anechoic", "hypoechoic", "hypoechoic", "isoechoic")[rng.integers(4)]
        posterior = "enhancement" if echo == "anechoic" or rng.random() < 0.3 else "none"
        flatness = 1.0 if outline == "round" else rng.uniform(0.45, 0.75)
        tilt = rng.uniform(-0.25, 0.25)
    center = (rng.uniform(0.24, 0.66) * size_mm[0], rng.uniform(0.18, 0.82) * size_mm[1])
    return Lesion(
        center_mm=center,
        semi_axes_mm=(across * flatness, across),
        tilt=tilt,
        outline=outline,
        echo=echo,
        posterior=posterior,
        seed=int(rng.integers(2**31)),
    )


def _is_clear(lesion: Lesion, others: list[Lesion], size_mm: tuple[float, float]) -> bool:
    margin = lesion.margin_mm()
    inside = np.all(margin > 0.04 * min(size_mm)) and np.all(margin < 0.96 * np.array(size_mm))
    reach = np.hypot(*(margin - lesion.center_mm).T).max()
    return bool(inside) and all(
        np.hypot(*np.subtract(lesion.center_mm, other.center_mm))
        > 1.2 * (reach + np.hypot(*(other.margin_mm() - other.center_mm).T).max())
        for other in others
    )
