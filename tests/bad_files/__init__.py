"""Files that are damaged, malicious or odd, made on the spot, the same bytes each time."""

from bad_files.bad_file import IMAGE, LABEL, SECRET, BadFile, Expected
from bad_files.dicom_bombs import list_bombs
from bad_files.dicom_headers import list_cut_headers, list_wrong_attributes
from bad_files.dicom_objects import list_odd_headers, list_other_objects, list_preambles
from bad_files.dicom_pixels import list_cut_pixels, list_damaged_streams, list_lying_pixels
from bad_files.folders import CLOSED, DECOY, list_copies, list_links, list_names
from bad_files.rasters import list_other_content, list_rasters

__all__ = [
    "BAD_FILES",
    "CLOSED",
    "DECOY",
    "IMAGE",
    "LABEL",
    "SECRET",
    "BadFile",
    "Expected",
    "list_bad_files",
]

BAD_FILES: list[BadFile] = [
    *list_other_content(),
    *list_cut_headers(),
    *list_cut_pixels(),
    *list_wrong_attributes(),
    *list_lying_pixels(),
    *list_damaged_streams(),
    *list_bombs(),
    *list_preambles(),
    *list_odd_headers(),
    *list_other_objects(),
    *list_rasters(),
    *list_links(),
    *list_names(),
    *list_copies(),
]


def list_bad_files() -> list[tuple[str, str, Expected, str]]:
    """Name, what it is, what is expected of it, and the pattern of the reason of every file."""
    return [(kind.name, kind.what, kind.expected, kind.reason) for kind in BAD_FILES]
