"""Headers whose sequences, lengths and file meta information are not as the standard has them.

Sequences: PS3.5 section 7.5; file meta information: PS3.10 section 7.1.
"""

import zlib
from collections.abc import Callable
from struct import pack
from typing import Any

from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import UNDEFINED_LENGTH, encode_element, make_dataset, to_bytes
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicom_kinds.member import Member

_SEQUENCES, _META = "sequences, delimiters and lengths", "file meta information"
_LENGTHS = "got a wrong length or a missing delimiter before it"
_REMARK = "value representations"
_ITEM_END, _END = b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_REGIONS, _PRIVATE = 0x00186011, 0x00091001
_DATASET_AT = 144
"""Where group 0002 begins behind its length, of which 4 bytes lie before."""


def list_headers() -> list[Member]:
    """All of them."""
    return [*_list_regions(), *_list_private(), *_list_meta()]


def write(syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> bytes:
    """Write the phantom."""
    dataset = make_dataset("member", IMAGE)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return to_bytes(dataset)


def put_before(content: bytes, head: bytes, elements: bytes) -> bytes:
    """Put elements before the last one that begins so."""
    at = content.rindex(head)
    return content[:at] + elements + content[at:]


def encode_region(*, is_implicit: bool = False) -> bytes:
    """Encode the only region of the phantom, without the head of its item."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, is_implicit
    write_dataset(buffer, make_dataset("member", IMAGE).SequenceOfUltrasoundRegions[0])
    return buffer.getvalue()


def _item(content: bytes, length: int | None = None) -> bytes:
    return b"\xfe\xff\x00\xe0" + pack("<L", len(content) if length is None else length) + content


def _with_regions(element: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        dataset = make_dataset("member", IMAGE)
        del dataset.SequenceOfUltrasoundRegions
        return put_before(to_bytes(dataset), b"\x20\x00\x0d\x00UI", element)

    return make


def _list_regions() -> list[Member]:
    explicit, implicit = encode_region(), encode_region(is_implicit=True)
    open_ended = _item(explicit, UNDEFINED_LENGTH) + _ITEM_END
    open_implicit = _item(implicit, UNDEFINED_LENGTH) + _ITEM_END
    odd = encode_element(0x00190010, "LO", b"ACME") + pack("<HH2sH", 0x19, 0x1001, b"??", 4)
    odd_first = encode_element(0x00170010, "LO", b"ACME") + pack("<HH2sH", 0x17, 0x1001, b"??", 4)
    short = pack("<HH2sH", 0x18, 0x6011, b"SQ", len(_item(explicit)))
    # Representation, content, length if it is not that of the content, and what is said of it.
    elements: dict[str, tuple[str, bytes, int | None, str]] = {
        "both of defined length": ("SQ", _item(explicit), None, ""),
        "sequence of undefined length": ("SQ", _item(explicit) + _END, UNDEFINED_LENGTH, ""),
        "item of undefined length": ("SQ", open_ended, None, ""),
        "both of undefined length": ("SQ", open_ended + _END, UNDEFINED_LENGTH, ""),
        "UN, implicit within": ("UN", _item(implicit), None, ""),
        "UN, explicit within": ("UN", _item(explicit), None, ""),
        "UN of undefined length": ("UN", open_implicit + _END, UNDEFINED_LENGTH, ""),
        "UN of undefined length, explicit": ("UN", open_ended + _END, UNDEFINED_LENGTH, ""),
        "OB": ("OB", _item(explicit), None, _REMARK),
        "an end of the sequence within": ("SQ", _item(explicit) + _END, None, ""),
        "an empty item behind": ("SQ", _item(explicit) + _item(b""), None, ""),
        "an odd representation within": ("SQ", _item(explicit + odd + b"abcd"), None, _REMARK),
        "an odd representation first": ("SQ", _item(odd_first + b"abcd" + explicit), None, _REMARK),
    }
    wrong: dict[str, tuple[str, bytes, int | None]] = {
        "sequence without its end": ("SQ", open_ended, UNDEFINED_LENGTH),
        "item without its end": ("SQ", open_ended[:-8] + _END, UNDEFINED_LENGTH),
        "sequence too long": ("SQ", _item(explicit), len(explicit) + 16),
        "sequence too short": ("SQ", _item(explicit), len(explicit)),
    }
    members = [
        Member(
            _SEQUENCES,
            f"regions, {name}",
            _with_regions(encode_element(_REGIONS, vr, content, length)),
            [IMAGE],
            remark=remark,
            has_mm=True,
        )
        for name, (vr, content, length, remark) in elements.items()
    ]
    members += [
        Member(
            _SEQUENCES,
            f"regions, {name}",
            _with_regions(encode_element(_REGIONS, vr, content, length)),
            [IMAGE],
            _LENGTHS,
        )
        for name, (vr, content, length) in wrong.items()
    ]
    make = _with_regions(short + _item(explicit))
    refused = "regions .* as a sequence, got another representation"
    return [*members, Member(_SEQUENCES, "regions, a length of 2 bytes", make, [IMAGE], refused)]


def _list_private() -> list[Member]:
    inner, implicit = encode_element(0x00091002, "LO", b"abcd"), pack("<HHL", 9, 0x1002, 4)
    implicit += b"abcd"
    nested = pack("<HHL", 9, 0x1002, UNDEFINED_LENGTH) + _item(implicit) + _END
    never = UNDEFINED_LENGTH
    sound = {
        "UN, implicit within": encode_element(_PRIVATE, "UN", _item(implicit) + _END, never),
        "UN, open items": encode_element(
            _PRIVATE, "UN", _item(implicit, never) + _ITEM_END + _END, never
        ),
        "UN, explicit within": encode_element(_PRIVATE, "UN", _item(inner) + _END, never),
        "UN within UN": encode_element(_PRIVATE, "UN", _item(nested) + _END, never),
        "SQ, implicit within": encode_element(_PRIVATE, "SQ", _item(implicit) + _END, never),
        "SQ, nothing within": encode_element(_PRIVATE, "SQ", _END, never),
        "OB in fragments": encode_element(_PRIVATE, "OB", _item(b"abcd") + _END, never),
        "an end of a sequence alone": encode_element(_PRIVATE, "SQ", _item(inner)) + _END,
        "an odd length": encode_element(_PRIVATE, "LO", b"abc"),
        "a wrong group length": encode_element(0x00090000, "UL", pack("<L", 99999)) + inner,
        "pixels within": encode_element(
            _PRIVATE, "SQ", _item(encode_element(0x7FE00010, "OB", b"abcd"))
        ),
    }
    mended = {"UN of a length of two bytes": pack("<HH2sH", 9, 0x1001, b"UN", 4) + b"abcd"}
    wrong = {
        "SQ without its end": encode_element(_PRIVATE, "SQ", _item(inner), never),
        "SQ without any end": encode_element(_PRIVATE, "SQ", _item(inner, never), never),
        "an end of an item alone": encode_element(_PRIVATE, "SQ", _item(inner)) + _ITEM_END,
        "too long by 2": encode_element(_PRIVATE, "LO", b"abcd", 6),
        "an odd length, padded": encode_element(_PRIVATE, "LO", b"abc") + b"\0",
    }
    creator = encode_element(0x00090010, "LO", b"ACME")
    name_head = b"\x10\x00\x10\x00PN"

    def make(element: bytes) -> Callable[[], bytes]:
        return lambda: put_before(write(), name_head, creator + element)

    return [
        *(
            Member(_SEQUENCES, f"private, {name}", make(element), [IMAGE], has_mm=True)
            for name, element in sound.items()
        ),
        *(
            Member(_SEQUENCES, f"private, {name}", make(element), [IMAGE], remark=_REMARK)
            for name, element in mended.items()
        ),
        *(
            Member(_SEQUENCES, f"private, {name}", make(element), [IMAGE], _LENGTHS)
            for name, element in wrong.items()
        ),
        Member(
            _SEQUENCES,
            "private in implicit VR, explicit within",
            lambda: put_before(
                write(ImplicitVRLittleEndian),
                b"\x10\x00\x10\x00",
                pack("<HHL", 9, 0x1001, never) + _item(inner, never) + _ITEM_END + _END,
            ),
            [IMAGE],
            _LENGTHS,
        ),
    ]


def _set_meta_length(content: bytes, length: int) -> bytes:
    return content[: _DATASET_AT - 4] + pack("<L", length) + content[_DATASET_AT:]


def _list_meta() -> list[Member]:
    explicit, big = write(), write(ExplicitVRBigEndian)
    deflated = write(DeflatedExplicitVRLittleEndian)
    told = {
        name: int.from_bytes(content[_DATASET_AT - 4 : _DATASET_AT], "little")
        for name, content in (("explicit", explicit), ("big", big), ("deflated", deflated))
    }
    bare = big[_DATASET_AT + told["big"] :]
    syntax = ExplicitVRLittleEndian.encode()
    order = "wrong order of bytes"
    members = {
        f"{name}, a length of {length}": (_set_meta_length(content, length), "")
        for name, content in (("explicit", explicit), ("big", big), ("deflated", deflated))
        for length in (0, told[name] - 10, told[name] + 10, 2**31 - 1, 2**32 - 1)
    }
    members |= {
        "deflated, no length": (deflated[:132] + deflated[_DATASET_AT:], ""),
        "big endian, none": (bare, ""),
        "big endian, none behind a preamble": (big[:132] + bare, ""),
        "called big endian": (explicit.replace(syntax, syntax[:-1] + b"2", 1), order),
        "called little endian": (big.replace(syntax[:-1] + b"2", syntax, 1), order),
        "a space before the syntax": (explicit.replace(syntax + b"\0", b" " + syntax, 1), ""),
        "a space behind the syntax": (explicit.replace(syntax + b"\0", syntax + b" ", 1), ""),
    }
    return [
        Member(_META, name, lambda content=content: content, [IMAGE], remark=remark, has_mm=True)
        for name, (content, remark) in members.items()
    ]


def deflate(dataset: bytes) -> bytes:
    """Deflate as PS3.5 section A.5 tells."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(dataset) + deflater.flush()


def redeflate(change: Callable[[bytes], bytes]) -> bytes:
    """Write a deflated file whose data set was changed."""
    content = write(DeflatedExplicitVRLittleEndian)
    start = _DATASET_AT + int.from_bytes(content[_DATASET_AT - 4 : _DATASET_AT], "little")
    dataset = zlib.decompress(content[start:], -zlib.MAX_WBITS)
    return content[:start] + deflate(change(dataset))
