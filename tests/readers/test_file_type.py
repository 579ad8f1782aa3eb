import gzip
from pathlib import Path

import pytest

from pipeline.errors import ReadError, SkippedError
from pipeline.readers.file_type import FileType, detect_file_type


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n", FileType.PNG),
        (b"\xff\xd8\xff\xe0", FileType.JPEG),
        (b"BM", FileType.BMP),
        (b"II*\x00", FileType.TIFF),
        (b"MM\x00*", FileType.TIFF),
        (b"II+\x00", FileType.TIFF),
        (b"MM\x00+", FileType.TIFF),
        (bytes(128) + b"DICM", FileType.DICOM),
        (b"II*\x00" + bytes(124) + b"DICM", FileType.DICOM),
        (b"BM" + bytes(126) + b"DICM", FileType.DICOM),
        (b"\x02\x00\x00\x00UL\x04\x00", FileType.DICOM),
        (b"\x08\x00\x05\x00CS\x0a\x00", FileType.DICOM),
        (b"\x08\x00\x05\x00\x0a\x00\x00\x00", FileType.DICOM),
        (bytes(344) + b"n+1\x00", FileType.NIFTI),
        (bytes(344) + b"ni1\x00", FileType.NIFTI),
        (bytes(4) + b"n+2\x00" + bytes(400), FileType.NIFTI),
        (gzip.compress(bytes(344) + b"n+1\x00", mtime=0), FileType.NIFTI),
    ],
)
def test_content_tells_the_type(head: bytes, expected: FileType, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(head + bytes(10))
    assert detect_file_type(tmp_path / "file.txt") is expected


@pytest.mark.parametrize(
    "content",
    [
        *(b"hello", bytes(200), b"GIF89a", b"DICM", b"\x89PNG", b"\x1f\x8bno gzip at all"),
        *(
            gzip.compress(b"a text", mtime=0),
            gzip.compress(bytes(1000), mtime=0)[:15],
            bytes(343) + b"ni1\x00",
        ),
        b"\x02\x00\x00\x00\x10\x00\x00\x00",  # numbers of 32 bits
        *(b"\x08\x00\x05\x00ZZ\x0a\x00", b"\x02\x00\x10\x00UI\x0a\x00"),
    ],
)
def test_other_content_is_skipped(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(SkippedError, match="not an image"):
        detect_file_type(tmp_path / "file.png")


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"GIF89a", "GIF"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8L", "WebP"),
        (b"\x00\x00\x00\x18ftypheic", "HEIF or AVIF"),
        (b"\x00\x00\x00\x0cjP  \r\n", "JPEG 2000"),
        (b"\xff\x0a\xfa", "JPEG XL"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"%PDF-1.7", "PDF"),
        (b"NRRD0004", "NRRD"),
        (b"ObjectType = Image", "MetaImage"),
    ],
)
def test_other_image_is_skipped_by_name(head: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(head + bytes(100))
    with pytest.raises(SkippedError, match=f"not an image that is read: .* got {name}$"):
        detect_file_type(tmp_path / "file.png")


@pytest.mark.parametrize(
    ("head", "hint"),
    [
        (b"PK\x03\x04\x14\x00", "an archive: unpack it"),
        (b"Rar!\x1a\x07\x01\x00", "an archive: unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "an archive: unpack it"),
        (bytes(257) + b"ustar\x0000", "an archive: unpack it"),
        (gzip.compress(bytes(257) + b"ustar\x0000" + bytes(500), mtime=0), "an archive: unpack it"),
        (b"\x00\x00\x00\x18ftypisom", "a video"),
        (b"\x00\x00\x00\x18moov", "a video"),
        (b"RIFF\x10\x00\x00\x00AVI LIST", "a video"),
        (b"\x1a\x45\xdf\xa3", "a video"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video"),
        (b"\x00\x00\x01\xba", "a video"),
        (b"G" + bytes(187) + b"G", "a video"),
    ],
)
def test_archive_and_video_get_a_hint(head: bytes, hint: str, tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(head + bytes(100))
    with pytest.raises(SkippedError, match=f"not an image: .* got {hint}"):
        detect_file_type(tmp_path / "file.png")


def test_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file.png").touch()
    with pytest.raises(ReadError, match="got an empty file") as caught:
        detect_file_type(tmp_path / "file.png")
    assert not isinstance(caught.value, SkippedError)


def test_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected a readable file"):
        detect_file_type(tmp_path)
