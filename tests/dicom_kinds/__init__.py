"""DICOM files that depart from the standard, kind by kind."""

from dicom_kinds.member import Member
from dicom_kinds.members import MEMBERS

__all__ = ["MEMBERS", "Member"]
