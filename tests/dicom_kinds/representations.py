"""Elements whose value representation no standard has (PS3.5 section 6.2)."""

from struct import pack

import numpy as np
from bad_files.bad_file import IMAGE
from bad_files.dicom_bytes import find_element, make_dataset, to_bytes

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
                members.append(_make(f"{title}, {name}, {size}", element, image))
    implicit = pack("<HHL", 9, 0x1001, 4) + b"abcd"
    members.append(_make("an element in implicit VR", implicit, IMAGE, ""))
    return members


def _make(name: str, element: bytes, image: np.ndarray, remark: str = _REMARK) -> Member:
    def make() -> bytes:
        content = to_bytes(make_dataset("member", image))
        at = find_element(content, "PatientName")[0]
        creator = pack("<HH2sH", 9, 0x10, b"LO", 4) + b"ACME"
        return content[:at] + creator + element + content[at:]

    return Member(_KIND, name, make, [image], remark=remark)
