"""What a header says about the B-mode images in a file, before a pixel is decoded."""

from dataclasses import dataclass

from pipeline.readers.region.calibrated_region import CalibratedRegion


@dataclass(frozen=True)
class ForeseenRegions:
    """The regions of a file as they will be if its pixels agree with its header.

    Attributes:
        regions: one or more, from the left to the right.
        is_place_decided: whether they will lie there, whatever the pixels show.
        is_scale_decided: whether they will have these mm, or none, whatever the pixels show.
    """

    regions: tuple[CalibratedRegion, ...]
    is_place_decided: bool = True
    is_scale_decided: bool = True
