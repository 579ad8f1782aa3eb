"""What is coloured in a video is found by its planes of colour."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from coloured_images import draw_colours, make_grey, with_margin
from numpy.typing import NDArray

from pipeline.readers.codec import video_codec
from pipeline.readers.codec.packed_picture import unpack_picture
from pipeline.readers.codec.video_codec import read_video_frame

try:
    import av
except ImportError:
    av = None

pytestmark = pytest.mark.skipif(
    av is None, reason="VIDEO IS NOT TESTED: PyAV is missing, pip install '.[video]'"
)

GREY = make_grey()
RGB, DRAWN = draw_colours(GREY)


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    video_codec._Video.close_opened()


def encode(frames: list[NDArray[np.uint8]], pixels: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixels
        for rgb in frames:
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return buffer.getvalue()


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_flow_is_found_in_its_frame(pixels: str, tmp_path: Path) -> None:
    grey = np.repeat(GREY[..., None], 3, axis=2)
    content = encode([grey, RGB, grey], pixels)
    path = tmp_path / "video"
    path.write_bytes(content)
    arguments = {"path": str(path), "fragments": [(0, len(content))]}
    arguments |= {"rows": GREY.shape[0], "columns": GREY.shape[1]}
    found = []
    for index in range(3):
        _, packed = read_video_frame({**arguments, "index": index})
        found.append(unpack_picture(packed))
    assert found[0].coloured is None
    assert found[2].coloured is None
    coloured = found[1].coloured
    assert coloured is not None
    blob = np.zeros_like(DRAWN)
    blob[44:57, 54:67] = DRAWN[44:57, 54:67]
    assert coloured[blob].all()
    # Cb and Cr of half the size reach a pixel further, and their enlargement another one.
    assert not (coloured & ~with_margin(DRAWN, 4)).any()


def test_video_without_colour_has_none(tmp_path: Path) -> None:
    content = encode([np.repeat(GREY[..., None], 3, axis=2)] * 2, "gray")
    path = tmp_path / "video"
    path.write_bytes(content)
    rows, columns = GREY.shape
    arguments = {"path": str(path), "fragments": [(0, len(content))], "index": 1}
    _, packed = read_video_frame({**arguments, "rows": rows, "columns": columns})
    assert packed.shape == GREY.shape
