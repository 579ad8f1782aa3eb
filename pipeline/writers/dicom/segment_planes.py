"""Which frame of a segmentation shows which lesion."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.results.result_frame import ResultFrame


class SegmentPlane(NamedTuple):
    """A frame of a segmentation: one lesion in one frame of the source.

    Attributes:
        segment: *Segment Number* (0062,0004).
        frame: number of the source's frame, from 1.
        lesion: number of the lesion within that frame.
    """

    segment: int
    frame: int
    lesion: int


def order_planes(frames: Sequence[ResultFrame]) -> list[SegmentPlane]:
    """Order the lesions of an image as the frames of its segmentation are.

    Returns:
        By segment, then by frame. Segments are the numbers of lesions without gaps.
    """
    numbers = sorted({lesion.number for frame in frames for lesion in frame.lesions})
    segments = {number: segment for segment, number in enumerate(numbers, start=1)}
    return sorted(
        SegmentPlane(segments[lesion.number], frame.number, lesion.number)
        for frame in frames
        for lesion in frame.lesions
    )
