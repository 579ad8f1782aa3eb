"""PNG, JPEG, BMP and TIFF in all that they can be, kind by kind, around one picture."""

from dicom_kinds.member import Member

from raster_kinds.bitmaps import list_bitmaps
from raster_kinds.jpegs import list_jpegs
from raster_kinds.orientations import list_orientations
from raster_kinds.pngs import list_pngs
from raster_kinds.tiffs import list_tiffs

__all__ = ["MEMBERS", "Member"]

MEMBERS: list[Member] = [
    *list_orientations(),
    *list_pngs(),
    *list_jpegs(),
    *list_bitmaps(),
    *list_tiffs(),
]
