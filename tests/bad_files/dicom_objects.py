"""DICOM files that are sound but odd, and objects that are no ultrasound images."""

import io
from collections.abc import Callable
from pathlib import Path

from pydicom.filewriter import dcmwrite

from bad_files.bad_file import SECRET, BadFile
from bad_files.dicom_bytes import (
    Change,
    encode_element,
    find_element,
    make_bad,
    make_dataset,
    set_element,
    to_bytes,
)

_OBJECTS = {
    "report.dcm": ("1.2.840.10008.5.1.4.1.1.88.33", "Comprehensive SR Storage"),
    "pdf.dcm": ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF Storage"),
    "presentation.dcm": (
        "1.2.840.10008.5.1.4.1.1.11.1",
        "Grayscale Softcopy Presentation State Storage",
    ),
    "segmentation.dcm": ("1.2.840.10008.5.1.4.1.1.66.4", "Segmentation Storage"),
    "DICOMDIR": ("1.2.840.10008.1.3.10", "Media Storage Directory Storage"),
    "structures.dcm": ("1.2.840.10008.5.1.4.1.1.481.3", "RT Structure Set Storage"),
    "ct.dcm": ("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage"),
    "mr.dcm": ("1.2.840.10008.5.1.4.1.1.4", "MR Image Storage"),
    "volume.dcm": ("1.2.840.10008.5.1.4.1.1.6.2", "Enhanced US Volume Storage"),
}
_WITH_PIXELS = ("segmentation.dcm", "ct.dcm", "mr.dcm", "volume.dcm")


def list_preambles() -> list[BadFile]:
    """Files whose beginning is missing, or that of another format."""
    program = "its preamble begins like a program"
    return [
        make_bad("no-preamble", "no preamble, sound otherwise", "taken", "", lambda c: c[132:]),
        BadFile(
            "bare-implicit.dcm",
            "no preamble, no meta information, implicit VR",
            "taken",
            "",
            lambda path: _write_without_meta(path, is_implicit=True),
        ),
        BadFile(
            "bare-explicit.dcm",
            "no preamble, no meta information, explicit VR",
            "taken",
            "",
            lambda path: _write_without_meta(path, is_implicit=False),
        ),
        make_bad("tiff-preamble", "TIFF in the preamble", "taken", "^$", _set_preamble(b"II*\0")),
        make_bad(
            "png-preamble", "PNG in the preamble", "taken", "", _set_preamble(b"\x89PNG\r\n\x1a\n")
        ),
        make_bad("exe-preamble", "Windows program", "taken", program, _set_preamble(b"MZ\x90\0")),
        make_bad("elf-preamble", "Linux program", "taken", program, _set_preamble(b"\x7fELF\2\1")),
        make_bad(
            "macho-preamble", "macOS program", "taken", program, _set_preamble(b"\xcf\xfa\xed\xfe")
        ),
    ]


INVALID_UID = "expected a valid SOPInstanceUID"
"""The image is read, but DICOM outputs cannot refer to it."""

_PATHS = {
    "up": ("are paths upwards", b"../../../etc/passwd\0"),
    "absolute": ("are paths", b"/etc/passwd\0"),
    "nul": ("have NUL in them", b"1.2.3\0/../etc/passwd"),
}


def list_odd_headers() -> list[BadFile]:
    """Files that are sound but for text that leads elsewhere, or of other alphabets."""
    return [
        make_bad(
            f"uid-{name}",
            f"UIDs that {what}",
            "taken",
            "",
            _set_uids(uid),
            in_run=("failed", INVALID_UID),
        )
        for name, (what, uid) in _PATHS.items()
    ] + [
        make_bad("utf-8", "UTF-8", "taken", "", _set_name("ISO_IR 192", "Ωé山", "utf-8")),
        make_bad("cyrillic", "Cyrillic", "taken", "", _set_name("ISO_IR 144", "Иван", "iso8859-5")),
        make_bad("chinese", "GB18030", "taken", "", _set_name("GB18030", "山田", "gb18030")),
        make_bad(
            "japanese",
            "ISO 2022 IR 87 after an empty value",
            "taken",
            "",
            _set_name("\\ISO 2022 IR 87", "山田", "iso2022_jp"),
        ),
        make_bad(
            "charset", "unknown character set", "taken", "", _set_name("ISO_IR 999", "é", "utf-8")
        ),
        make_bad(
            "not-charset",
            "other bytes than stated",
            "taken",
            "",
            _set_name("ISO_IR 192", "é", "cp1252"),
        ),
    ]


def list_other_objects() -> list[BadFile]:
    """Sound DICOM objects that are no ultrasound images."""
    return [
        BadFile(
            name,
            title,
            "skipped",
            f"not an ultrasound image: {title}",
            _write_class(uid, has_pixels=name in _WITH_PIXELS),
        )
        for name, (uid, title) in _OBJECTS.items()
    ]


def _set_uids(text: bytes) -> Change:
    keywords = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")

    def change(content: bytes) -> bytes:
        for keyword in (*keywords, "MediaStorageSOPInstanceUID"):
            content = set_element(content, keyword, text)
        return content

    return change


def _set_preamble(start: bytes) -> Change:
    return lambda content: start + content[len(start) :]


def _set_name(charset: str, name: str, encoding: str) -> Change:
    def change(content: bytes) -> bytes:
        text = f"{SECRET}^{name}".encode(encoding)
        content = set_element(content, "PatientName", text + b" " * (len(text) % 2))
        # Written as UTF-8 or whatever else; the header says what it likes.
        at = find_element(content, "ImageType")[0]
        value = charset.encode() + b" " * (len(charset) % 2)
        return content[:at] + encode_element(0x00080005, "CS", value) + content[at:]

    return change


def _write_without_meta(path: Path, *, is_implicit: bool) -> None:
    dataset = make_dataset(path.name)
    del dataset.file_meta
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=is_implicit, little_endian=True)
    path.write_bytes(buffer.getvalue())


def _write_class(uid: str, *, has_pixels: bool = True) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        dataset = make_dataset(path.name)
        dataset.SOPClassUID = uid
        if not has_pixels:
            del dataset.PixelData
        path.write_bytes(to_bytes(dataset))

    return write
