"""Whether results belong to an image."""

from collections.abc import Sequence

from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.source_header import SourceHeader


def check_frames(header: SourceHeader, frames: Sequence[ResultFrame]) -> None:
    """Check that frames have numbers and shapes that fit the image.

    Raises:
        ValueError: a number comes twice or is none of the image's, or a frame has another shape
            than the image, or two lesions of it one number.
    """
    numbers = [frame.number for frame in frames]
    if len(set(numbers)) != len(numbers) or not all(1 <= n <= header.frames for n in numbers):
        msg = f"expected frames of different numbers from 1 to {header.frames}, got {numbers}"
        raise ValueError(msg)
    for frame in frames:
        if tuple(frame.shape) != tuple(header.shape):
            msg = f"expected a frame of the image's shape {header.shape}, got {frame.shape}"
            raise ValueError(msg)
        lesions = [lesion.number for lesion in frame.lesions]
        if len(set(lesions)) != len(lesions):
            msg = f"expected lesions of different numbers in frame {frame.number}, got {lesions}"
            raise ValueError(msg)
