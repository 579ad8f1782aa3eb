"""Whether results belong to an image."""

from collections.abc import Sequence

from pipeline.results.result_frame import ResultFrame
from pipeline.writers.dicom.source_header import SourceHeader


def check_frames(header: SourceHeader, frames: Sequence[ResultFrame]) -> None:
    """Check that frames have numbers and masks that fit the image.

    Args:
        header: of the image.
        frames: results.

    Raises:
        ValueError: a number comes twice or is none of the image's, or a mask is not bool or has
            another shape than the image.
    """
    numbers = [frame.number for frame in frames]
    if len(set(numbers)) != len(numbers) or not all(1 <= n <= header.frames for n in numbers):
        msg = f"expected frames of different numbers from 1 to {header.frames}, got {numbers}"
        raise ValueError(msg)
    for frame in frames:
        if frame.mask.shape != header.shape or frame.mask.dtype != bool:
            msg = (
                f"expected a bool mask of the image's shape {header.shape}, "
                f"got {frame.mask.dtype} {frame.mask.shape}"
            )
            raise ValueError(msg)
