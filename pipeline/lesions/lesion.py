"""One connected lesion of a mask."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label, regionprops


@dataclass(frozen=True)
class Lesion:
    """A connected component (8 neighbours) of a mask, measured in px of the source image.

    Attributes:
        area_px: number of pixels.
        probability: mean probability over its pixels, 0 to 1.
        box: first row, first column, last row + 1, last column + 1.
    """

    area_px: int
    probability: float
    box: tuple[int, int, int, int]


def find_lesions(mask: NDArray[np.bool_], probability: NDArray[np.float32]) -> list[Lesion]:
    """Take a mask apart into its lesions.

    Args:
        mask: (H, W) bool, `True` where there is lesion.
        probability: (H, W) float, 0 to 1.

    Returns:
        The lesions, the largest first.

    Raises:
        ValueError: the shapes differ.

    Examples:
        >>> mask = np.eye(3, dtype=bool)
        >>> find_lesions(mask, np.full((3, 3), 0.5, np.float32))
        [Lesion(area_px=3, probability=0.5, box=(0, 0, 3, 3))]
    """
    if mask.shape != probability.shape:
        msg = f"expected two arrays of one shape, got {mask.shape} and {probability.shape}"
        raise ValueError(msg)
    regions = regionprops(label(mask, connectivity=2), intensity_image=probability)
    lesions = []
    for region in regions:
        row0, column0, row1, column1 = map(int, region.bbox)
        box = (row0, column0, row1, column1)
        lesions.append(Lesion(int(region.area), float(region.intensity_mean), box))
    return sorted(lesions, key=lambda lesion: (-lesion.area_px, lesion.box))
