"""What is known of one image or frame after segmentation."""

from dataclasses import dataclass

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
        image: grey values (H, W), float32, 0 to 255, black outside the ultrasound region.
        mask: (H, W) bool, `True` where there is lesion.
        lesions: components of the mask, the largest first.
        probability: that there is a lesion at all, 0 to 1.
        regions: the B-mode images in it, each with mm per pixel or none.
        header: of a DICOM source, without its pixels; `None` for other formats.
    """

    file: str
    frame: int | None
    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    lesions: tuple[Lesion, ...]
    probability: float
    regions: tuple[CalibratedRegion, ...]
    header: Dataset | None = None

    @property
    def mm_per_pixel(self) -> tuple[float, float] | None:
        """Mm between rows and between columns, `None` if unknown or not the same everywhere."""
        spacings = {region.mm_per_pixel for region in self.regions}
        return spacings.pop() if len(spacings) == 1 else None
