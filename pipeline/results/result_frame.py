"""The lesions of one frame."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.lesions.lesion import Lesion


@dataclass(frozen=True)
class ResultFrame:
    """The segmentation of one frame, at the size of its source.

    Attributes:
        number: of the frame from 1; 1 for a source with a single one.
        shape: H and W of the frame in px.
        lesions: what `find_lesions` has made of its mask.
    """

    number: int
    shape: tuple[int, int]
    lesions: Sequence[Lesion]
