"""Elements whose value representation no standard has, made readable for pydicom."""

from typing import Literal

from pydicom.datadict import dictionary_VR
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from pipeline.readers.limits import MOST_ELEMENTS

ByteOrder = Literal["little", "big"]

_SHORT = {vr.encode() for vr in EXPLICIT_VR_LENGTH_16}
_LONG = {vr.encode() for vr in EXPLICIT_VR_LENGTH_32}
_KNOWN = _SHORT | _LONG
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_MAY_HOLD_ELEMENTS = (b"SQ", b"UN")
_DELIMITERS, _PIXEL_DATA = 0xFFFE, (0x7FE0, 0x0010)
_ITEM = (_DELIMITERS, 0xE000)
_AS_SHORT, _AS_LONG, _AS_PIXELS = b"SH", b"UN", b"OW"
"""What stands for them: a representation with a length of two bytes, and those with four."""


def find_odd_representations(
    content: bytes, start: int, byte_order: ByteOrder, whole: int
) -> tuple[dict[int, bytes], bool]:
    """Find elements of unknown representation, and how their lengths are written.

    pydicom takes them for implicit if they are no capitals, as ``??``, and gives a length of two
    bytes to others; dcmtk does neither. Here that counts which leads to a sound element. An
    element of the standard gets the representation that it has there. So does one with a length
    of two bytes where its representation has four, as some writers of UN do.

    Args:
        content: of a file, up to its pixel data or beyond.
        start: where a data set in explicit VR begins.
        byte_order: of its numbers.
        whole: bytes of the file.

    Returns:
        What to read instead of the two bytes of a representation, by their position; and whether
        the pixel data were reached.
    """
    changes: dict[int, bytes] = {}
    at = start
    for _ in range(MOST_ELEMENTS):
        if len(content) < at + 8:
            break
        tag, vr = _read_tag(content, at, byte_order), content[at + 4 : at + 6]
        if tag == _PIXEL_DATA:
            if vr not in _KNOWN and _has_long_length(content, at, byte_order, whole):
                changes[at + 4] = _AS_PIXELS
            return changes, True
        if tag[0] == _DELIMITERS:  # what is inside is walked too
            at += 8
            continue
        ends = _list_ends(content, at, byte_order)
        is_long = vr in _LONG and not any(content[at + 6 : at + 8])
        if is_long and vr not in _MAY_HOLD_ELEMENTS:
            if _starts_item(content, at + 12, byte_order) and _look_up(tag, _AS_LONG) == b"SQ":
                changes[at + 4] = b"SQ"
            elif content[at + 8 : at + 12] == _UNDEFINED_LENGTH:
                at = _skip_fragments(content, at + 12, byte_order)
                continue
        if vr in _SHORT or is_long:
            at = ends[_AS_LONG if is_long else _AS_SHORT]
            continue
        kinds = [_AS_SHORT] if vr in _LONG else list(ends)
        if not vr[1]:  # the length of an implicit element
            kinds.reverse()
        fits = [kind for kind in kinds if _is_sound(content, at, ends[kind], byte_order)]
        if not fits:
            break
        if fits[0]:
            changes[at + 4] = _look_up(tag, fits[0])
        at = ends[fits[0]]
    return changes, False


def _list_ends(content: bytes, at: int, byte_order: ByteOrder) -> dict[bytes, int]:
    """List where the element ends, by what it may be; without a representation if implicit."""
    short, implicit, long = (
        int.from_bytes(content[at + first : at + end], byte_order)
        for first, end in ((6, 8), (4, 8), (8, 12))
    )
    is_undefined = content[at + 8 : at + 12] == _UNDEFINED_LENGTH
    is_sequence = is_undefined or content[at + 4 : at + 6] == b"SQ"
    return {
        _AS_SHORT: at + 8 + short,
        _AS_LONG: at + 12 + (0 if is_sequence else long),
        b"": at + 8 + implicit,
    }


def _starts_item(content: bytes, at: int, byte_order: ByteOrder) -> bool:
    return len(content) >= at + 8 and _read_tag(content, at, byte_order) == _ITEM


def _skip_fragments(content: bytes, at: int, byte_order: ByteOrder) -> int:
    """Pass over items that hold no elements, up to their delimiter."""
    while _starts_item(content, at, byte_order):
        at += 8 + int.from_bytes(content[at + 4 : at + 8], byte_order)
    return at


def _has_long_length(content: bytes, at: int, byte_order: ByteOrder, whole: int) -> bool:
    """Return whether pixel data have a representation, and end nearer to the end of the file so."""
    if content[at + 8 : at + 12] == _UNDEFINED_LENGTH:
        return True
    length = int.from_bytes(content[at + 8 : at + 12], byte_order)
    implicit = at + 8 + int.from_bytes(content[at + 4 : at + 8], byte_order)
    end = at + 12 + length
    return end <= whole and (implicit > whole or end > implicit)


def _look_up(tag: tuple[int, int], kind: bytes) -> bytes:
    """Take the representation of the standard, if its length is written as that of this kind."""
    try:
        vr = dictionary_VR(tag).encode()[:2]
    except KeyError:
        return kind
    return vr if vr in (_SHORT if kind == _AS_SHORT else _LONG) else kind


def _is_sound(content: bytes, at: int, end: int, byte_order: ByteOrder) -> bool:
    """Return whether a known representation, the next of the group or a delimiter is there."""
    if len(content) < end + 8:
        return False
    before, (group, element) = (_read_tag(content, where, byte_order) for where in (at, end))
    vr = content[end + 4 : end + 6]
    is_known = vr in _KNOWN
    is_next = group == before[0] and element > before[1]
    return is_next or group == _DELIMITERS or (0 < group <= _PIXEL_DATA[0] and is_known)


def _read_tag(content: bytes, at: int, byte_order: ByteOrder) -> tuple[int, int]:
    group, element = (
        int.from_bytes(content[at + first : at + first + 2], byte_order) for first in (0, 2)
    )
    return group, element
