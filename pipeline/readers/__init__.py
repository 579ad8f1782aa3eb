"""From a file to grey values and geometry."""

from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader

__all__ = ["FrameReference", "UltrasoundReader"]
