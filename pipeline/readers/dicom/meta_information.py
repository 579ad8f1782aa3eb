"""The file meta information of a DICOM file, found without its length, which is wrong in some."""

from typing import Literal, NamedTuple

from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

_SHORT = {vr.encode() for vr in EXPLICIT_VR_LENGTH_16}
_LONG = {vr.encode() for vr in EXPLICIT_VR_LENGTH_32}
_GROUP, _SYNTAX = b"\x02\x00", b"\x02\x00\x10\x00"
"""Group 0002 and *Transfer Syntax UID* (0002,0010), always in little endian."""
_FIRST_GROUPS: dict[bytes, Literal["little", "big"]] = {b"\x08\x00": "little", b"\x00\x08": "big"}
"""Group 0008, with which a data set of an image begins."""
_OTHER_ORDER = {
    ExplicitVRLittleEndian: ExplicitVRBigEndian,
    ExplicitVRBigEndian: ExplicitVRLittleEndian,
}


class MetaInformation(NamedTuple):
    """Where the data set begins, and how it is written.

    Attributes:
        start: position of the data set.
        is_explicit: whether its elements have a value representation.
        byte_order: of its numbers.
        syntax: *Transfer Syntax UID* (0002,0010), empty if it is not given.
        changes: what to read instead of two bytes, by their position: the end of a UID that says
            another order of bytes than the data set has.
    """

    start: int
    is_explicit: bool
    byte_order: Literal["little", "big"]
    syntax: UID
    changes: dict[int, bytes]


def find_meta_information(content: bytes, start: int) -> MetaInformation:
    """Walk through group 0002 (PS3.10 section 7.1).

    Args:
        content: beginning of a file.
        start: where the group begins, or the data set if there is none.
    """
    at, syntax, changes = start, UID(""), dict[int, bytes]()
    while content.startswith(_GROUP, at):
        vr = content[at + 4 : at + 6]
        first, last = (8, 12) if vr in _LONG else (6, 8) if vr in _SHORT else (4, 8)
        length = int.from_bytes(content[at + first : at + last], "little")
        value = content[at + last : at + last + length]
        if content.startswith(_SYNTAX, at):
            syntax = UID(value.decode("ascii", "replace").strip("\0 "))
            text_at = at + last
        at += last + length
    seen, vr = _FIRST_GROUPS.get(content[at : at + 2]), content[at + 4 : at + 6]
    if syntax in _OTHER_ORDER and seen not in (None, _get_order(syntax)):
        syntax = _OTHER_ORDER[syntax]
        changes[text_at + len(syntax) - 1] = syntax[-1:].encode() + b"\0"
    if not syntax:
        return MetaInformation(at, vr in _SHORT | _LONG, seen or "little", syntax, changes)
    is_explicit = syntax != ImplicitVRLittleEndian
    return MetaInformation(at, is_explicit, _get_order(syntax), syntax, changes)


def _get_order(syntax: UID) -> Literal["little", "big"]:
    return "big" if syntax == ExplicitVRBigEndian else "little"
