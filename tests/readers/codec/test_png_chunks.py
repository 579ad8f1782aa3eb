"""Chunks of a PNG with a wrong checksum. Picture: the phantom, 48 x 80."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError
from pipeline.readers.codec.png_chunks import drop_damaged_chunks
from pipeline.readers.file_type import FileType
from pipeline.readers.raster_source import RasterSource

IMAGE, _ = make_orientation_phantom(48, 80)
HEAD_END = 33


def encode(**options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "PNG", **options)
    return buffer.getvalue()


def make_chunk(name: bytes, content: bytes, *, is_wrong: bool) -> bytes:
    checksum = zlib.crc32(name + content) ^ is_wrong
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def read(path: Path) -> np.ndarray:
    return RasterSource(path, FileType.PNG).read(0)


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"gAMA", b"eXIf", b"tRNS", b"prVt"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_ancillary_chunk_is_left_out(name: bytes, place: str, tmp_path: Path) -> None:
    content = encode()
    at = HEAD_END if place == "before" else content.index(b"IEND") - 4
    path = tmp_path / "x.png"
    path.write_bytes(content[:at] + make_chunk(name, b"Comment\0x", is_wrong=True) + content[at:])
    assert np.array_equal(read(path), IMAGE)


def test_orientation_in_a_damaged_chunk_does_not_count(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    content = bytearray(encode(exif=exif))
    path = tmp_path / "x.png"
    path.write_bytes(content)
    assert np.array_equal(read(path), np.rot90(IMAGE, -1))
    content[content.index(b"eXIf") + 5] ^= 1
    path.write_bytes(content)
    assert np.array_equal(read(path), IMAGE)


def test_chunk_that_is_needed_is_not_left_out(tmp_path: Path) -> None:
    content = bytearray(encode())
    content[HEAD_END - 1] ^= 1  # the checksum of IHDR
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(ReadError, match="expected a whole PNG file, got a damaged one"):
        read(tmp_path / "x.png")


def test_sound_file_is_not_copied() -> None:
    content = encode()
    sound = make_chunk(b"tEXt", b"Comment\0x", is_wrong=False)
    stream = io.BytesIO(content[:HEAD_END] + sound + content[HEAD_END:])
    assert drop_damaged_chunks(stream) is stream
    assert stream.tell() == 0


def write_rows(path: Path, rows: bytes, *, is_interlaced: bool = False) -> None:
    """Write a sound PNG of 48 x 80 with these bytes of pixels."""
    header = struct.pack(">IIBBBBB", 80, 48, 8, 0, 0, 0, is_interlaced)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")
    content = b"".join(make_chunk(name, content, is_wrong=False) for name, content in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)


def list_rows(*, is_interlaced: bool) -> bytes:
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
    passes = (*passes, (0, 1, 1, 2)) if is_interlaced else ((0, 0, 1, 1),)
    return b"".join(
        b"\0" + row[left::across].tobytes()
        for left, top, across, down in passes
        for row in IMAGE[top::down]
    )


@pytest.mark.parametrize("is_interlaced", [False, True])
def test_rows_that_are_missing_in_sound_chunks(is_interlaced: bool, tmp_path: Path) -> None:
    path, rows = tmp_path / "x.png", list_rows(is_interlaced=is_interlaced)
    write_rows(path, rows, is_interlaced=is_interlaced)
    assert np.array_equal(read(path), IMAGE)
    write_rows(path, rows[:-81], is_interlaced=is_interlaced)
    with pytest.raises(ReadError, match="rows are missing"):
        read(path)


def test_orientation_in_text_does_not_count(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    text = b"\nexif\n 8\n" + exif.tobytes().hex().encode()
    profile = b"Raw profile type exif\0\0" + zlib.compress(text)
    content = encode()
    chunk = make_chunk(b"zTXt", profile, is_wrong=False)
    path = tmp_path / "x.png"
    path.write_bytes(content[:HEAD_END] + chunk + content[HEAD_END:])
    assert np.array_equal(read(path), IMAGE)
