"""Elements whose value representation no standard has (PS3.5 section 6.2)."""

from struct import pack

import numpy as np
from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import find_element, make_dataset, to_bytes
from pydicom.uid import ExplicitVRBigEndian

from dicom_kinds.headers import put_before, redeflate, write
from dicom_kinds.member import Member

_KIND = "value representations of no standard"
_REMARK = "value representations"


def list_representations() -> list[Member]:
    """All of them."""
    large = np.tile(IMAGE, (8, 8))  # so large that a wrong length ends within the pixels
    members = []
    for vr in (b"??", b"--", b"  ", b"\0\0", b"RE", b"XX", b"ZZ", b"ox", b"\xff\xff", b"1A"):
        title = vr.decode("latin-1").encode("unicode_escape").decode()
        short = pack("<HH2sH", 9, 0x1001, vr, 4) + b"abcd"
        empty = pack("<HH2sH", 9, 0x1001, vr, 0)
        long = pack("<HH2sHL", 9, 0x1001, vr, 0, 6) + b"abcdef"
        twice = short + pack("<HH2sH", 9, 0x1002, vr, 2) + b"xy"
        kinds = {"short length": short, "no value": empty, "two of them": twice}
        if vr.isalpha() and vr.isupper():
            kinds["long length"] = long
        for name, element in kinds.items():
            for size, image in (("small", IMAGE), ("large", large)):
                # No bytes and no value are those of an empty element in implicit VR.
                remark = "" if element == empty and not any(vr) else _REMARK
                members.append(_make(f"{title}, {name}, {size}", element, image, remark))
    implicit = pack("<HHL", 9, 0x1001, 4) + b"abcd"
    members.append(_make("an element in implicit VR", implicit, IMAGE, ""))
    return members + _list_standard()


def _list_standard() -> list[Member]:
    """Elements of the standard, and in files that are written in another way."""
    rows = pack("<HH2sH", 0x28, 0x10, b"US", 2)
    photometric = pack("<HH2sH", 0x28, 4, b"CS", 12)
    pixels = pack("<HH2sH", 0x7FE0, 0x10, b"OB", 0)
    odd = pack("<HH2sH", 9, 0x1001, b"??", 4) + b"abcd"
    name, big_name = b"\x10\x00\x10\x00PN", b"\x00\x10\x00\x10PN"
    odd_big = pack(">HH2sH", 9, 0x1001, b"??", 4) + b"abcd"
    files = {
        f"{what} as {vr.decode()}": lambda head=head, vr=vr: _replace(head, 4, vr)
        for what, head in (("Rows", rows), ("Photometric Interpretation", photometric))
        for vr in (b"us", b"??", b"XX")
    }
    files |= {
        f"Pixel Data as {vr.decode()}": lambda vr=vr: _replace(pixels, 4, vr)
        for vr in (b"OX", b"??", b"ob")
    }
    files |= {
        "in a deflated file": lambda: redeflate(lambda dataset: put_before(dataset, name, odd)),
        "in a file of big endian": lambda: put_before(
            write(ExplicitVRBigEndian), big_name, odd_big
        ),
        "the first element": lambda: put_before(
            write(), b"\x08\x00\x16\x00UI", pack("<HH2sH", 8, 1, b"??", 4) + b"abcd"
        ),
    }
    return [
        Member(_KIND, title, make, [IMAGE], remark=_REMARK, has_mm=True)
        for title, make in files.items()
    ]


def _replace(head: bytes, at: int, vr: bytes) -> bytes:
    content = write()
    start = content.rindex(head) + at
    return content[:start] + vr + content[start + len(vr) :]


def _make(name: str, element: bytes, image: np.ndarray, remark: str = _REMARK) -> Member:
    def make() -> bytes:
        content = to_bytes(make_dataset("member", image))
        at = find_element(content, "PatientName")[0]
        creator = pack("<HH2sH", 9, 0x10, b"LO", 4) + b"ACME"
        return content[:at] + creator + element + content[at:]

    return Member(_KIND, name, make, [image], remark=remark)
