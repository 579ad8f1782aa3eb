"""The size in a compressed stream, against the encoders of Pillow and pydicom's plugins."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from pipeline.errors import ReadError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom.codestream import (
    check_rle_header,
    check_tiles,
    read_codestream,
    starts_rle,
    starts_stream,
)

SIZE = (40, 300)
IMAGE = np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8)


def encode(uid: str) -> bytes:
    dataset = make_phantom_dataset(IMAGE)
    dataset.compress(uid)
    return get_frame(dataset.PixelData, 0)


def encode_jpeg(**options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def read_size(stream: bytes) -> tuple[int, int] | None:
    found = read_codestream(stream)
    assert found is not None
    assert (found.bits, found.samples) == (8, 1)
    return found.size


def test_kinds_are_reported_apart() -> None:
    streams = [encode_jpeg(), encode(JPEGLSLossless), encode(JPEG2000Lossless)]
    kinds = [found.kind for stream in streams if (found := read_codestream(stream)) is not None]
    assert kinds == ["JPEG", "JPEG-LS", "JPEG 2000"]


@pytest.mark.parametrize("mct", [0, 1])
def test_samples_and_transformation_of_jpeg_2000(mct: int) -> None:
    buffer = io.BytesIO()
    image = Image.fromarray(np.dstack([IMAGE] * 3))
    image.save(buffer, "JPEG2000", no_jp2=True, mct=mct)
    found = read_codestream(buffer.getvalue())
    assert found is not None
    assert (found.samples, found.is_transformed) == (3, mct == 1)


def test_beginnings_of_streams() -> None:
    streams = [encode_jpeg(), encode(JPEGLSLossless), encode(JPEG2000Lossless)]
    assert [starts_stream(stream[:64]) for stream in streams] == [True] * 3
    assert not any(starts_stream(stream[2:66]) for stream in streams)
    assert starts_rle(encode(RLELossless)[:64])
    assert not any(starts_rle(head) for head in (b"", bytes(64), encode(RLELossless)[64:128]))


@pytest.mark.parametrize("uid", [JPEG2000Lossless, JPEGLSLossless])
def test_size_of_an_encapsulated_frame(uid: str) -> None:
    assert read_size(encode(uid)) == SIZE


@pytest.mark.parametrize("progressive", [False, True])
def test_size_of_a_jpeg(progressive: bool) -> None:
    assert read_size(encode_jpeg(progressive=progressive)) == SIZE


def test_bytes_between_markers_are_passed_over() -> None:
    stream = encode_jpeg(comment=b"\xff\xc0" * 20)
    stream = stream[:2] + b"\xff" + stream[2:]
    assert read_size(stream) == SIZE


def test_jpeg_2000_with_an_offset() -> None:
    stream = bytearray(encode(JPEG2000Lossless))
    stream[8:16] = (300 + 7).to_bytes(4, "big") + (40 + 5).to_bytes(4, "big")
    stream[16:24] = (7).to_bytes(4, "big") + (5).to_bytes(4, "big")
    assert read_size(bytes(stream)) == SIZE


def test_jpeg_2000_within_boxes() -> None:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG2000", no_jp2=False)
    assert read_size(buffer.getvalue()) == SIZE


def test_run_length_tells_nothing() -> None:
    assert read_codestream(encode(RLELossless)) is None


def test_run_length_of_an_encoder_is_sound() -> None:
    check_rle_header(encode(RLELossless), 1)


@pytest.mark.parametrize("segments", [2, 3, 15])
def test_run_length_of_another_number_of_segments(segments: int) -> None:
    with pytest.raises(ReadError, match=f"expected {segments} segments .*, got 1"):
        check_rle_header(encode(RLELossless), segments)


@pytest.mark.parametrize(
    "offsets",
    [[64, 70, 69], [64, 64, 70], [63, 70, 80], [65, 70, 80], [64, 70, 84], [64, 0, 70], [0, 0, 0]],
)
def test_run_length_segments_that_lie_elsewhere(offsets: list[int]) -> None:
    header = np.zeros(16, "<u4")
    header[:4] = [3, *offsets]
    with pytest.raises(ReadError, match="consecutive segments"):
        check_rle_header(header.tobytes() + bytes(20), 3)


def test_run_length_segments_one_behind_the_other() -> None:
    header = np.zeros(16, "<u4")
    header[:4] = [3, 64, 70, 83]
    check_rle_header(header.tobytes() + bytes(20), 3)


@pytest.mark.parametrize("size", [0, 3, 4, 40, 64])
def test_short_run_length_is_refused(size: int) -> None:
    with pytest.raises(ReadError, match="expected"):
        check_rle_header(encode(RLELossless)[:size], 1)


@pytest.mark.parametrize("size", range(0, 40, 3))
def test_short_stream_tells_nothing(size: int) -> None:
    assert read_codestream(encode_jpeg()[:size]) is None
    assert read_codestream(encode(JPEG2000Lossless)[: min(size, 42)]) is None


def make_tiles(*tiles: int, length: int = 14) -> bytes:
    """A stream of 100 x 60 px in tiles of 64 x 64 px: an SIZ segment, and tile-parts."""
    sizes = struct.pack(">8L", 100, 60, 0, 0, 64, 64, 0, 0)
    parts = [b"\xff\x90" + struct.pack(">HHLBB", 10, tile, length, 0, 1) for tile in tiles]
    return b"\xff\x4f\xff\x51\0\x29\0\0" + sizes + b"\0\1\x07\1\1" + b"\xff\x93".join([*parts, b""])


@pytest.mark.parametrize("tiles", [(0, 1), (1, 0), (0, 0, 1)])
def test_all_tiles_are_there(tiles: tuple[int, ...]) -> None:
    check_tiles(make_tiles(*tiles))


@pytest.mark.parametrize("tiles", [(), (0,), (1, 1)])
def test_tiles_that_are_missing(tiles: tuple[int, ...]) -> None:
    with pytest.raises(ReadError, match=f"of 2 tiles, got {len({*tiles})}"):
        check_tiles(make_tiles(*tiles))


@pytest.mark.parametrize("depth", [0x07, 0x87])
def test_sign_of_jpeg_2000(depth: int) -> None:
    stream = make_tiles(0, 1)
    found = read_codestream(stream[:42] + bytes([depth]) + stream[43:])
    assert found is not None
    assert (found.bits, found.is_signed) == (8, depth == 0x87)
