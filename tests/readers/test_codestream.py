"""The size in a compressed stream, against the encoders of Pillow and pydicom's plugins."""

import io

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import get_frame
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from pipeline.datasets.phantom_dicom import make_phantom_dataset
from pipeline.errors import ReadError
from pipeline.readers.codestream import check_rle_header, read_codestream_size

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


@pytest.mark.parametrize("uid", [JPEG2000Lossless, JPEGLSLossless])
def test_size_of_an_encapsulated_frame(uid: str) -> None:
    assert read_codestream_size(encode(uid)) == SIZE


@pytest.mark.parametrize("progressive", [False, True])
def test_size_of_a_jpeg(progressive: bool) -> None:
    assert read_codestream_size(encode_jpeg(progressive=progressive)) == SIZE


def test_bytes_between_markers_are_passed_over() -> None:
    stream = encode_jpeg(comment=b"\xff\xc0" * 20)
    stream = stream[:2] + b"\xff" + stream[2:]
    assert read_codestream_size(stream) == SIZE


def test_jpeg_2000_with_an_offset() -> None:
    stream = bytearray(encode(JPEG2000Lossless))
    stream[8:16] = (300 + 7).to_bytes(4, "big") + (40 + 5).to_bytes(4, "big")
    stream[16:24] = (7).to_bytes(4, "big") + (5).to_bytes(4, "big")
    assert read_codestream_size(bytes(stream)) == SIZE


def test_jpeg_2000_within_boxes() -> None:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG2000", no_jp2=False)
    assert read_codestream_size(buffer.getvalue()) == SIZE


def test_run_length_tells_nothing() -> None:
    assert read_codestream_size(encode(RLELossless)) is None


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
    with pytest.raises(ReadError, match="one behind the other"):
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
    assert read_codestream_size(encode_jpeg()[:size]) is None
    assert read_codestream_size(encode(JPEG2000Lossless)[: min(size, 23)]) is None
