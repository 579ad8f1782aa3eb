"""An opened image file whose frames are decoded one at a time."""

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset

from pipeline.errors import ReadError
from pipeline.readers.limits import LARGE_IMAGE_PX, LARGEST_IMAGE_PX
from pipeline.readers.region.calibrated_region import CalibratedRegion
from pipeline.readers.region.foreseen_regions import ForeseenRegions

GreyImage = NDArray[np.float32] | NDArray[np.uint8]
"""Grey values (H, W), rows first, 0 (black) to 255 (white) whatever the source's depth: float32,
but uint8 of more than `LARGE_IMAGE_PX`, a quarter of the memory."""


class Picture(NamedTuple):
    """A decoded frame.

    Attributes:
        grey: luma of what is coloured, see `GreyImage`.
        coloured: (H, W), what `find_coloured` finds in it; `None` for nothing.
    """

    grey: GreyImage
    coloured: NDArray[np.bool_] | None = None


_LINES = 256
"""Lines of pixels that are converted at once."""

IDENTITY_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "BurnedInAnnotation",
)
"""(0008,0016), (0008,0018), (0020,000D), (0020,000E) and (0028,0301) of a DICOM file."""


class ImageSource(Protocol):
    """An opened file; `frames` counts its images, `read_picture` decodes one of them."""

    @property
    def frames(self) -> int:
        """Number of frames, at least 1."""
        ...

    @property
    def format(self) -> str:
        """Name of the file's format."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the first frame, as in the header."""
        ...

    @property
    def dataset(self) -> Dataset | None:
        """Header of a DICOM file, `None` of other formats."""
        ...

    @property
    def identity(self) -> dict[str, str]:
        """Values of `IDENTITY_KEYWORDS`, empty where the file does not say."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know of a file that is read all the same."""
        ...

    @property
    def may_name_patient(self) -> bool:
        """Whether names and dates may be burned in outside the regions that the file gives."""
        ...

    def read_picture(self, index: int) -> Picture:
        """Decode one frame.

        Args:
            index: number of the frame from 0.

        Returns:
            Grey values, 0 to 255, first row at the top, first column at the left, and what of
            them is coloured.

        Raises:
            ReadError: the frame cannot be decoded.
        """
        ...

    def read(self, index: int) -> GreyImage:
        """Decode one frame, and give its grey values alone."""
        ...

    def foresee_regions(self) -> ForeseenRegions:
        """Foresee what `regions` will find, as far as the header decides it.

        Raises:
            SkippedError: as `regions`.
            ReadError: a region of the header is damaged.
        """
        ...

    def regions(self, grey: GreyImage, *, find_field: bool = True) -> list[CalibratedRegion]:
        """Find what is to be segmented in a frame.

        Args:
            grey: the frame, as `read` returns it.
            find_field: look for the field of view in the pixels if the file does not say.

        Returns:
            One B-mode image or more, from the left to the right.

        Raises:
            SkippedError: the frame shows no B-mode image.
        """
        ...


def no_identity() -> dict[str, str]:
    """Identity of a file that has none."""
    return dict.fromkeys(IDENTITY_KEYWORDS, "")


def check_index(index: int, frames: int) -> None:
    """Check that there is such a frame.

    Args:
        index: number of the frame from 0.
        frames: of the file.

    Raises:
        ReadError: there is none.
    """
    if not 0 <= index < frames:
        msg = f"expected a frame from 1 to {frames}, got {index + 1}"
        raise ReadError(msg)


def check_size(rows: int, columns: int) -> None:
    """Check the size that a header claims, before its pixels are decoded.

    Raises:
        ReadError: there are no pixels, or more than `LARGEST_IMAGE_PX`.
    """
    if min(rows, columns) <= 0 or rows * columns > LARGEST_IMAGE_PX:
        msg = f"expected a frame of 1 to {LARGEST_IMAGE_PX} pixels, got {rows} x {columns}"
        raise ReadError(msg)


def rgb_to_grey(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma of a colour image (ITU-R BT.601), as Pillow computes it.

    Args:
        rgb: (H, W, 3) uint8, 0 to 255.

    Returns:
        (H, W) uint8, 0 to 255; r = g = b gives back that value.

    Examples:
        >>> rgb_to_grey(np.array([[[255, 255, 255], [7, 7, 7]]], np.uint8)).tolist()
        [[255, 7]]
    """
    grey = np.empty(rgb.shape[:2], np.uint8)
    for start in range(0, len(rgb), _LINES):  # Pillow takes four bytes a pixel
        lines = np.ascontiguousarray(rgb[start : start + _LINES])
        grey[start : start + _LINES] = np.asarray(Image.fromarray(lines).convert("L"))
    return grey


def to_grey_image(values: NDArray[Any]) -> GreyImage:
    """Give grey values the type of a `GreyImage`.

    Args:
        values: (H, W), 0 to 255.

    Returns:
        The same, or a copy in float32; of more than `LARGE_IMAGE_PX` rounded to uint8.
    """
    if values.size <= LARGE_IMAGE_PX:
        return values.astype(np.float32, copy=False)
    if values.dtype == np.uint8:
        return values
    levels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), _LINES):
        np.rint(
            values[start : start + _LINES], out=levels[start : start + _LINES], casting="unsafe"
        )
    return levels
