"""What is known of one image or frame after segmentation."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.lesions.lesion import Lesion
from pipeline.readers.region.calibrated_region import CalibratedRegion


@dataclass(frozen=True)
class Result:
    """The segmentation of one image, at the size of its source.

    Attributes:
        file: path of the source relative to the input folder, with forward slashes.
        frame: number of the frame from 1, `None` for a file with a single one.
        image: grey values (H, W), 0 to 255, black outside the ultrasound region.
        mask: (H, W) bool, `True` where there is lesion.
        lesions: components of the mask, the largest first.
        suppressed: what was outlined, and is less probably a lesion than the operating point asks
            for; in none of the outputs.
        probability: that there is a lesion at all, 0 to 1: that of the most probable outline,
            suppressed or not.
        boundary_uncertainty: see `BoundaryUncertaintyd`, 0 or more.
        quality: what speaks against the mask, see `judge_quality`.
        is_blanked: whether the image is black because a burned-in name cannot be ruled out.
        regions: the B-mode images in it, each with mm per pixel or none.
        header: of a DICOM source, without its pixels; `None` for other formats.
        probability_map: (H, W) float32, 0 to 1, of each pixel; `None` if it was not kept.
        malignancy_map: (H, W) float32, 0 to 1, the network's second channel, which means something
            inside a lesion only; `None` if it was not kept, or the network has none.
    """

    file: str
    frame: int | None
    image: NDArray[Any]
    mask: NDArray[np.bool_]
    lesions: tuple[Lesion, ...]
    probability: float
    regions: tuple[CalibratedRegion, ...]
    header: Dataset | None = None
    suppressed: tuple[Lesion, ...] = ()
    boundary_uncertainty: float = 0.0
    quality: tuple[str, ...] = ()
    is_blanked: bool = False
    probability_map: NDArray[np.float32] | None = field(default=None, repr=False)
    malignancy_map: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def suppressed_mask(self) -> NDArray[np.bool_]:
        """(H, W) bool, `True` in the outlines below the operating point."""
        mask = np.zeros_like(self.mask)
        for outline in self.suppressed:
            top, left, bottom, right = outline.box
            mask[top:bottom, left:right] |= outline.mask
        return mask

    @property
    def mm_per_pixel(self) -> tuple[float, float] | None:
        """Mm between rows and between columns, `None` if unknown or not the same everywhere."""
        spacings = {region.mm_per_pixel for region in self.regions}
        return spacings.pop() if len(spacings) == 1 else None
