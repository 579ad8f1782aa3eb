"""The lesions of one frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.lesions.lesion import Lesion


@dataclass(frozen=True)
class ResultFrame:
    """The segmentation of one frame, at the size of its source.

    Attributes:
        number: of the frame from 1; 1 for a source with a single one.
        mask: (H, W) bool, `True` where there is lesion.
        lesions: what `find_lesions` has made of the mask.
    """

    number: int
    mask: NDArray[np.bool_]
    lesions: Sequence[Lesion]
