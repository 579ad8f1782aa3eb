"""JPEG files without their end, against what was encoded. Picture: the phantom, 48 x 80."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError
from pipeline.readers.codec.jpeg_end import NO_END, has_jpeg_end
from pipeline.readers.file_type import FileType
from pipeline.readers.raster_source import RasterSource

IMAGE, _ = make_orientation_phantom(48, 80)
END = b"\xff\xd9"
KINDS = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restart": {"restart_marker_blocks": 4},
    "thumbnail": {},
}


def encode(kind: str) -> tuple[bytes, np.ndarray]:
    """Encode; give the file and what Pillow makes of it."""
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG", quality=95, **KINDS[kind])
    content = buffer.getvalue()
    if kind == "thumbnail":  # an end of image before the picture
        content = content[:2] + make_segment(b"\xe1", content[:2] + END) + content[2:]
    return content, np.asarray(Image.open(io.BytesIO(content)))


def make_segment(marker: bytes, content: bytes) -> bytes:
    return b"\xff" + marker + struct.pack(">H", len(content) + 2) + content


def open_jpeg(folder: Path, content: bytes) -> RasterSource:
    path = folder / "x.jpg"
    path.write_bytes(content)
    return RasterSource(path, FileType.JPEG)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("behind", [b"", b"\0" * 20, END, b"\xff\xd8\xff\xe0 another"])
def test_whole_file_has_its_end(kind: str, behind: bytes, tmp_path: Path) -> None:
    content, expected = encode(kind)
    assert has_jpeg_end(content + behind)
    source = open_jpeg(tmp_path, content + behind)
    assert source.remarks == ()
    assert np.array_equal(source.read(0), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("behind", [b"", b"\xff", b"\0", b"\0" * 600])
def test_end_alone_is_missing(kind: str, behind: bytes, tmp_path: Path) -> None:
    content, expected = encode(kind)
    assert not has_jpeg_end(content[:-2])
    source = open_jpeg(tmp_path, content[:-2] + behind)
    assert source.remarks == (NO_END,)
    assert np.array_equal(source.read(0), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [3, 5, 20, 200])
@pytest.mark.parametrize("behind", [b"", b"\0" * 600])
def test_pixels_are_missing(kind: str, cut: int, behind: bytes, tmp_path: Path) -> None:
    content, _ = encode(kind)
    source = open_jpeg(tmp_path, content[: -2 - cut] + behind)
    with pytest.raises(ReadError, match="whole JPEG file, got a damaged one, cut off"):
        source.read(0)


@pytest.mark.parametrize("scans", range(1, 6))
def test_scans_are_missing(scans: int, tmp_path: Path) -> None:
    content, _ = encode("progressive")
    assert content.count(b"\xff\xda") == 6
    at = -1
    for _ in range(scans + 1):
        at = content.index(b"\xff\xda", at + 1)
    source = open_jpeg(tmp_path, content[: content.rindex(b"\xff\xc4", 0, at)])
    with pytest.raises(ReadError, match="whole JPEG file, got a damaged one, cut off"):
        source.read(0)


def test_orientation_in_xmp_does_not_count(tmp_path: Path) -> None:
    content, expected = encode("baseline")
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    source = open_jpeg(tmp_path, content[:2] + make_segment(b"\xe1", xmp) + content[2:])
    assert source.size == IMAGE.shape
    assert np.array_equal(source.read(0), expected)
