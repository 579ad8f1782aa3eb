"""An image that is in memory already."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.errors import ReadError
from pipeline.readers.find_coloured import find_coloured
from pipeline.readers.image_source import (
    GreyImage,
    Picture,
    check_index,
    check_size,
    no_identity,
    rgb_to_grey,
    to_grey_image,
)
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.region.calibration import find_calibrated_regions
from pipeline.readers.region.foreseen_regions import ForeseenRegions

_WHITE = 255


class ArraySource:
    """A single picture as an array, like a raster file without a scale.

    Args:
        array: grey values (H, W), or RGB (H, W, 3) of uint8; rows from the top, columns from the
            left; 0 (black) to 255 (white).

    Raises:
        ReadError: it has another shape, type or range.
    """

    dataset: Dataset | None = None
    format = "array"
    frames = 1
    may_name_patient = False
    remarks: tuple[str, ...] = ()

    def __init__(self, array: NDArray[Any]) -> None:
        self._picture = _to_picture(np.asarray(array))

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self._picture.grey.shape
        return rows, columns

    @property
    def identity(self) -> dict[str, str]:
        """Nothing: an array has no UIDs."""
        return no_identity()

    def read_picture(self, index: int) -> Picture:
        """Give the grey values, and what of them is coloured.

        Args:
            index: 0.
        """
        check_index(index, 1)
        return self._picture

    def read(self, index: int) -> GreyImage:
        """Give the grey values of `read_picture` alone."""
        return self.read_picture(index).grey

    def foresee_regions(self) -> ForeseenRegions:
        """Foresee no mm; only the pixels show where the field of view is."""
        whole = CalibratedRegion((0, 0, *self.size), None, RegionOrigin.WHOLE)
        return ForeseenRegions((whole,), is_place_decided=False)

    def regions(self, grey: GreyImage, *, find_field: bool = True) -> list[CalibratedRegion]:
        """Find the field of view, as in a raster file.

        Args:
            grey: what `read` returned.
            find_field: look for it; else the whole picture is taken.
        """
        return find_calibrated_regions(Dataset(), *grey.shape, grey=grey, find_field=find_field)


def _to_picture(array: NDArray[Any]) -> Picture:
    is_colour = array.ndim == 3 and array.shape[2] == 3 and array.dtype == np.uint8
    if not is_colour and array.ndim != 2:
        msg = "expected grey values (H, W) or RGB (H, W, 3) of uint8, got "
        raise ReadError(f"{msg}{array.dtype} {array.shape}")
    check_size(*array.shape[:2])
    if is_colour:
        return Picture(to_grey_image(rgb_to_grey(array)), find_coloured(array))
    if array.dtype.kind not in "uif":
        msg = f"expected integers or floating-point numbers, got {array.dtype}"
        raise ReadError(msg)
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite([low, high]).all() and low >= 0 and high <= _WHITE):
        msg = f"expected grey values from 0 to {_WHITE}, got {low:g} to {high:g}: scale them"
        raise ReadError(msg)
    if array.dtype.kind == "f" and 0 < high <= 1:
        msg = f"expected grey values from 0 to {_WHITE}, got at most {high:g}: multiply by {_WHITE}"
        raise ReadError(msg)
    return Picture(to_grey_image(array))
