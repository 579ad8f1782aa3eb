"""PNG, JPEG, BMP and TIFF: their pages, decoded in a process of their own."""

from pathlib import Path

from pydicom import Dataset

from pipeline.readers.codec.codec_worker import shared_codec_worker
from pipeline.readers.codec.packed_picture import unpack_picture
from pipeline.readers.file_type import FileType
from pipeline.readers.image_source import (
    GreyImage,
    Picture,
    check_index,
    no_identity,
)
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.readers.region.calibration import find_calibrated_regions
from pipeline.readers.region.foreseen_regions import ForeseenRegions


class RasterSource:
    """An opened raster file; the pages of a TIFF are its frames.

    Args:
        path: the file.
        file_type: its format by content; no other decoder than that one is tried.

    Raises:
        ReadError: the header cannot be parsed, or describes an image that is too large or of a
            kind that is not read.
    """

    dataset = None
    may_name_patient = False

    def __init__(self, path: Path, file_type: FileType) -> None:
        self._file = {"path": str(Path(path).absolute()), "format": file_type.value}
        meta, _ = shared_codec_worker().call("raster_header", self._file)
        self._pages: list[list[int]] = meta["pages"]
        rows, columns = meta["size"]
        self._size = int(rows), int(columns)
        self._remarks: tuple[str, ...] = tuple(meta["remarks"])

    @property
    def frames(self) -> int:
        """Number of pages that are pictures, at least 1."""
        return len(self._pages)

    @property
    def format(self) -> str:
        """Pillow's name of the format."""
        return self._file["format"]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the first page."""
        return self._size

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd in the file, as a JPEG that lacks its end."""
        return self._remarks

    @property
    def identity(self) -> dict[str, str]:
        """Nothing: these formats have no UIDs."""
        return no_identity()

    def foresee_regions(self) -> ForeseenRegions:
        """Foresee no mm; only the pixels show where the field of view is."""
        region = CalibratedRegion((0, 0, *self._size), None, RegionOrigin.WHOLE)
        return ForeseenRegions((region,), is_place_decided=False)

    def regions(self, grey: GreyImage, *, find_field: bool = True) -> list[CalibratedRegion]:
        """Find the field of view, as these formats know of no regions.

        Args:
            grey: the page.
            find_field: look for it in the pixels; else it is the whole page.

        Returns:
            Exactly one, without a size in mm.
        """
        return find_calibrated_regions(Dataset(), *grey.shape, grey=grey, find_field=find_field)

    def read_picture(self, index: int) -> Picture:
        """Decode one page, see `decode_raster` for what becomes grey and how.

        Args:
            index: number of the page from 0.

        Returns:
            Grey values, and what of them is coloured.

        Raises:
            ReadError: there is no such page, its data is damaged, or its pixel type is unknown.
        """
        check_index(index, self.frames)
        arguments = {**self._file, "page": self._pages[index]}
        _, decoded = shared_codec_worker().call("raster", arguments)
        return unpack_picture(decoded)

    def read(self, index: int) -> GreyImage:
        """Give the grey values of `read_picture` alone."""
        return self.read_picture(index).grey
