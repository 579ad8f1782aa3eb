"""DICOM files that depart from the standard, kind by kind."""

from dicom_kinds.bits import list_bits
from dicom_kinds.encapsulation import list_encapsulation
from dicom_kinds.frames import list_frames
from dicom_kinds.headers import list_headers
from dicom_kinds.lengths import list_lengths
from dicom_kinds.member import Member
from dicom_kinds.representations import list_representations

__all__ = ["MEMBERS", "Member"]

MEMBERS: list[Member] = [
    *list_lengths(),
    *list_bits(),
    *list_frames(),
    *list_encapsulation(),
    *list_representations(),
    *list_headers(),
]
