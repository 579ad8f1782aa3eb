"""Segment breast lesions in ultrasound images: `segmenter = Segmenter.load()`."""

from breast_us_seg.segmentation import Segmentation as Segmentation
from breast_us_seg.segmenter import Segmenter as Segmenter
from pipeline import RESEARCH_ONLY as RESEARCH_ONLY
from pipeline import __version__ as __version__
from pipeline.errors import ConfigError as ConfigError
from pipeline.errors import PipelineError as PipelineError
from pipeline.errors import ReadError as ReadError
from pipeline.errors import SettingError as SettingError
from pipeline.errors import SkippedError as SkippedError
from pipeline.errors import WriteError as WriteError
from pipeline.lesions.lesion import Lesion as Lesion

__all__ = [
    "RESEARCH_ONLY",
    "ConfigError",
    "Lesion",
    "PipelineError",
    "ReadError",
    "Segmentation",
    "Segmenter",
    "SettingError",
    "SkippedError",
    "WriteError",
    "__version__",
]
