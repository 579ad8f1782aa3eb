"""What is known of one image or frame after segmentation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.lesions.lesion import Lesion


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
    """

    file: str
    frame: int | None
    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    lesions: tuple[Lesion, ...]
    probability: float
