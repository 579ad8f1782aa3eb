"""One picture of a file, read and ready for the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from pydicom import Dataset

from pipeline.readers.region.calibrated_region import CalibratedRegion


@dataclass(frozen=True)
class Source:
    """The file that a frame is of.

    Attributes:
        file: path relative to the input folder, with forward slashes.
        remarks: what a user should know of it, else empty.
        header: of a DICOM file, without its pixels; `None` for other formats, and for a copy of an
            instance that another file has had.
        instance: hash of its *SOP Instance UID* (0008,0018), see `InstanceRegister`; empty for
            other formats.
    """

    file: str = ""
    remarks: str = ""
    header: Dataset | None = None
    instance: str = ""


@dataclass(frozen=True)
class Frame:
    """A still, or one frame of a cine, with all of its B-mode images.

    Attributes:
        image: grey values (H, W), 0 to 255, uint8 of ``inference.json``, black outside the
            ultrasound.
        regions: the B-mode images, from the left to the right.
        parts: for each region the item that ``preprocessing`` makes of it, but for ``original``;
            its ``image`` (1, h, w) goes to the network.
        number: of the frame from 1; `None` for a file with a single one.
        shrunk_by: pixels along a side of the squares that `parts` have in place of pixels, see
            `ShrinkLarged`; 1 but for a large image.
        coloured: largest share of a B-mode image that is drawn over in colour, 0 to 1.
        is_blanked: whether all of it is black because a burned-in name cannot be ruled out.
        source: the file.
    """

    image: NDArray[Any]
    regions: tuple[CalibratedRegion, ...]
    parts: tuple[Mapping[str, Any], ...]
    number: int | None = None
    shrunk_by: int = 1
    coloured: float = 0.0
    is_blanked: bool = False
    source: Source = field(default_factory=Source)
