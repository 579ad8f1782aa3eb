"""Transfer syntaxes by their UID, PS3.6 table A-1."""

import pytest
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from pipeline.errors import ReadError
from pipeline.readers.dicom.dicom_syntaxes import Decoder, find_decoder, is_video, name_syntax

ROOT = "1.2.840.10008.1.2.4"
VIDEO = [f"{ROOT}.{number}{end}" for number in range(100, 109) for end in ("", ".1")]


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
        JPEGBaseline8Bit,
        JPEGLosslessSV1,
        JPEGLSLossless,
        JPEG2000Lossless,
        HTJ2KLossless,
    ],
)
def test_images_are_for_pydicom(syntax: UID) -> None:
    assert find_decoder(syntax) is Decoder.PYDICOM
    assert not is_video(syntax)


@pytest.mark.parametrize("syntax", VIDEO)
def test_videos(syntax: str) -> None:
    assert find_decoder(UID(syntax)) is Decoder.VIDEO
    assert is_video(UID(syntax))


@pytest.mark.parametrize(
    "syntax", [f"{ROOT}.99", f"{ROOT}.109", f"{ROOT}.1000", f"{ROOT}.100.2", f"{ROOT}.90.1", ROOT]
)
def test_neighbours_are_no_videos(syntax: str) -> None:
    assert not is_video(UID(syntax))


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (f"{ROOT}.110", "JPEG XL Lossless"),
        ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
        (f"{ROOT}.94", "JPIP Referenced"),
        ("1.2.826.0.1.3680043.8.498.1", "of no standard"),
    ],
)
def test_others_are_refused_by_name(syntax: str, name: str) -> None:
    with pytest.raises(ReadError, match=f"^unsupported transfer syntax: {name}$"):
        find_decoder(UID(syntax))


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        (ImplicitVRLittleEndian, "Implicit VR Little Endian"),
        (f"{ROOT}.111", "JPEG XL JPEG Recompression"),
        (f"{ROOT}.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
        ("1.2.826.0.1.3680043.8.498.1", "of no standard"),
    ],
)
def test_name(syntax: str, name: str) -> None:
    assert name_syntax(UID(syntax)) == name
