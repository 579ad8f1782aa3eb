"""The regions of a frame as the cells of a table."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline.readers.region.calibrated_region import CalibratedRegion


class DescribedRegions(NamedTuple):
    """Cells; of several images there is a list with blanks between, where they differ.

    Attributes:
        origin: where the regions are known from.
        mm_per_pixel: mm between rows and between columns, empty if unknown.
    """

    origin: str
    mm_per_pixel: tuple[str, str]


def describe_regions(regions: Sequence[CalibratedRegion]) -> DescribedRegions:
    """Describe the B-mode images of a frame; every table does it so.

    Args:
        regions: at least one.

    Examples:
        >>> from pipeline.readers.region.calibrated_region import RegionOrigin
        >>> left = CalibratedRegion((0, 0, 90, 90), (0.1, 0.1), RegionOrigin.GIVEN)
        >>> right = CalibratedRegion((0, 90, 90, 180), (0.1, 0.2), RegionOrigin.GIVEN)
        >>> describe_regions([left, right])
        DescribedRegions(origin='given', mm_per_pixel=('0.1', '0.1 0.2'))
    """
    spacings = [region.mm_per_pixel for region in regions]
    down, across = (
        _list_once("" if mm is None else f"{mm[axis]:.6g}" for mm in spacings) for axis in (0, 1)
    )
    return DescribedRegions(_list_once(region.origin.value for region in regions), (down, across))


def _list_once(values: Iterable[str]) -> str:
    """Join values of several regions; one of them if they are all the same."""
    texts = list(values)
    return texts[0] if len(set(texts)) == 1 else " ".join(text or "-" for text in texts)
