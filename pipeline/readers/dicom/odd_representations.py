"""Elements whose value representation no standard has, made readable for pydicom."""

from typing import BinaryIO, Literal

from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from pipeline.readers.limits import LARGEST_HEADER_BYTES, MOST_ELEMENTS

_SHORT = {vr.encode() for vr in EXPLICIT_VR_LENGTH_16}
_LONG = {vr.encode() for vr in EXPLICIT_VR_LENGTH_32}
_UNDEFINED_LENGTH = 0xFFFFFFFF
_DELIMITERS, _PIXEL_DATA = 0xFFFE, (0x7FE0, 0x0010)
_AS_SHORT, _AS_LONG = b"SH", b"UN"
"""What stands for them: a representation with a length of two bytes, and one with four."""


def find_odd_representations(
    file: BinaryIO, start: int, byte_order: Literal["little", "big"]
) -> dict[int, bytes]:
    """Find elements of unknown representation, and how their lengths are written.

    pydicom takes them for implicit if they are no capitals, as ``??``, and gives a length of two
    bytes to others; dcmtk does neither. Here that counts which leads to a sound element.

    Args:
        file: with a data set in explicit VR.
        start: where the data set begins.
        byte_order: of its numbers.

    Returns:
        What to read instead of the two bytes of a representation, by their position in the file.
    """
    file.seek(start)
    content = file.read(LARGEST_HEADER_BYTES)
    changes: dict[int, bytes] = {}
    at = 0
    for _ in range(MOST_ELEMENTS):
        if len(content) < at + 8 or _read_tag(content, at, byte_order) == _PIXEL_DATA:
            break
        vr = content[at + 4 : at + 6]
        if _read_tag(content, at, byte_order)[0] == _DELIMITERS:  # what is inside is walked too
            at += 8
            continue
        ends = _list_ends(content, at, byte_order)
        if vr in _SHORT or vr in _LONG:
            at = ends[_AS_SHORT if vr in _SHORT else _AS_LONG]
            continue
        fits = [kind for kind, end in ends.items() if _is_sound(content, at, end, byte_order)]
        if not fits:
            break
        if fits[0]:
            changes[start + at + 4] = fits[0]
        at = ends[fits[0]]
    return changes


def _list_ends(content: bytes, at: int, byte_order: Literal["little", "big"]) -> dict[bytes, int]:
    """List where the element ends, by what it may be; without a representation if implicit."""
    short, implicit, long = (
        int.from_bytes(content[at + first : at + end], byte_order)
        for first, end in ((6, 8), (4, 8), (8, 12))
    )
    is_sequence = long == _UNDEFINED_LENGTH or content[at + 4 : at + 6] == b"SQ"
    return {
        _AS_SHORT: at + 8 + short,
        _AS_LONG: at + 12 + (0 if is_sequence else long),
        b"": at + 8 + implicit,
    }


def _is_sound(content: bytes, at: int, end: int, byte_order: Literal["little", "big"]) -> bool:
    """Tell whether a known representation, the next of the group or a delimiter is there."""
    if len(content) < end + 8:
        return False
    before, (group, element) = (_read_tag(content, where, byte_order) for where in (at, end))
    vr = content[end + 4 : end + 6]
    is_known = vr in _SHORT or vr in _LONG
    is_next = group == before[0] and element > before[1]
    return is_next or group == _DELIMITERS or (0 < group <= _PIXEL_DATA[0] and is_known)


def _read_tag(content: bytes, at: int, byte_order: Literal["little", "big"]) -> tuple[int, int]:
    group, element = (
        int.from_bytes(content[at + first : at + first + 2], byte_order) for first in (0, 2)
    )
    return group, element
