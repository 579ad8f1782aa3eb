"""Frames of videos that are encoded here, with so little loss that each is told from the others.

Frame k is 48 x 80 px with the orientation phantom's edges and a block that wanders with k, so that
neither a flip, nor a transposition, nor a neighbour passes for it. Luma is what was handed to the
encoder, 16 to 235, and expected is its expansion to 0 to 255.
"""

import gc
import io
import itertools
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from orientation_phantom import make_orientation_phantom
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, parse_basic_offsets, parse_fragments
from pydicom.uid import MPEG4HP41, MPEG4HP41F

from pipeline.errors import ReadError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.codec import video_codec
from pipeline.readers.codec.video_codec import read_video_frame

try:
    import av
except ImportError:
    av = None

needs_av = pytest.mark.skipif(
    av is None, reason="VIDEO IS NOT TESTED: PyAV is missing, pip install '.[video]'"
)

FRAMES = 14
ROWS, COLUMNS = 48, 80
IMAGE, _ = make_orientation_phantom(ROWS, COLUMNS)

FINE = {"crf": "1", "bf": "3", "b_strategy": "0", "b-pyramid": "normal", "g": "6"}
LOSSLESS = {"qp": "0"}
"""Without frames from the future, which libx264 has not when there is no loss."""
LUMA = [(16 + IMAGE.astype(float) * 219 / 255).round().astype(np.uint8) for _ in range(FRAMES)]
for number, luma in enumerate(LUMA):
    luma[20:28, 4 + 5 * number : 10 + 5 * number] = 16 + 15 * number


@pytest.fixture(autouse=True)
def close() -> Iterator[None]:
    yield
    video_codec._Video.close_opened()
    gc.collect()  # so that what stays open is told by a warning


def expand(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.clip((luma.astype(float) - 16) * 255 / 219, 0, 255)


def encode(
    codec: str = "libx264",
    container: str = "mpegts",
    options: dict[str, str] = FINE,
    *,
    pixels: str = "yuv420p",
    luma: list[NDArray[Any]] = LUMA,
    color_range: int = 0,
    pixel_aspect: Fraction = Fraction(0, 1),
) -> bytes:
    buffer = io.BytesIO()
    rows, columns = luma[0].shape
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = rows, columns, pixels
        stream.codec_context.color_range = color_range
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        for time_stamp, values in enumerate(luma):
            frame = av.VideoFrame(columns, rows, pixels)
            for plane, content in zip(frame.planes, (values, None, None), strict=False):
                grey = 1 << (frame.format.components[0].bits - 1)
                view = np.frombuffer(plane, luma[0].dtype).reshape(plane.height, -1)
                view[:, : plane.width] = grey if content is None else content
            frame.pts, frame.color_range = time_stamp, color_range
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return buffer.getvalue()


@pytest.fixture(scope="module")
def h264() -> bytes:
    return encode()


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Store a stream as a file of its own, and give what is asked of it."""

    def _ask(stream: bytes, **changes: Any) -> dict[str, Any]:
        path = tmp_path / "video"
        path.write_bytes(stream)
        size = {"rows": ROWS, "columns": COLUMNS}
        return {"path": str(path), "fragments": [[0, len(stream)]], **size, **changes}

    return _ask


def read(arguments: dict[str, Any], index: int) -> NDArray[np.uint8]:
    return read_video_frame({**arguments, "index": index})[1]


def find_frame(grey: NDArray[np.uint8]) -> int:
    return int(np.argmin([np.abs(grey - expand(luma)).mean() for luma in LUMA]))


@needs_av
@pytest.mark.parametrize("container", ["mpegts", "mp4", "h264"])
def test_frames_of_h264_with_b_frames(container: str, ask) -> None:
    arguments = ask(encode(container=container))
    for index in range(FRAMES):
        grey = read(arguments, index)
        assert grey.dtype == np.uint8
        assert find_frame(grey) == index
        assert np.abs(grey - expand(LUMA[index])).mean() < 1


@needs_av
@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [
        ("mpeg2video", "mpegts", {"qmin": "1", "q": "1", "bf": "2", "g": "6"}),
        ("mpeg2video", "vob", {"qmin": "1", "q": "1", "bf": "2", "g": "6"}),
        ("mpeg2video", "mpeg2video", {"qmin": "1", "q": "1", "bf": "2", "g": "6"}),
        ("libx265", "mp4", {"x265-params": "crf=2:bframes=3:keyint=6:log-level=none"}),
        ("libx265", "mpegts", {"x265-params": "crf=2:bframes=3:keyint=6:log-level=none"}),
    ],
)
def test_frames_of_other_codecs(codec: str, container: str, options: dict[str, str], ask) -> None:
    arguments = ask(encode(codec, container, options))
    for index in range(FRAMES):
        grey = read(arguments, index)
        assert find_frame(grey) == index
        assert np.abs(grey - expand(LUMA[index])).mean() < 4


@needs_av
@pytest.mark.parametrize("container", ["mpegts", "mp4", "h264"])
def test_any_order_gives_what_the_sequence_gives(container: str, ask) -> None:
    arguments = ask(encode(container=container))
    sequence = [read(arguments, index) for index in range(FRAMES)]
    order = np.random.default_rng(0).integers(0, FRAMES, 40)
    assert all(np.array_equal(read(arguments, index), sequence[index]) for index in order)


@needs_av
def test_encoder_has_reordered_the_frames(h264: bytes) -> None:
    """Otherwise the tests above would prove nothing."""
    with av.open(io.BytesIO(h264)) as container:
        stamps = [packet.pts for packet in container.demux(video=0) if packet.pts is not None]
    assert stamps != sorted(stamps)


@needs_av
def test_a_frame_that_is_wanted_twice_is_decoded_once(ask, h264: bytes, monkeypatch) -> None:
    arguments = ask(h264)
    first = read(arguments, 5)
    monkeypatch.setattr(video_codec._Video, "_next", None)
    assert np.array_equal(read(arguments, 5), first)


@needs_av
def test_in_order_each_frame_is_decoded_once(ask, h264: bytes, monkeypatch) -> None:
    taken = itertools.count()
    original = video_codec._Video._next
    monkeypatch.setattr(
        video_codec._Video, "_next", lambda *args: (next(taken), original(*args))[1]
    )
    arguments = ask(h264)
    for index in range(FRAMES):
        read(arguments, index)
    assert next(taken) == FRAMES


@needs_av
def test_full_range_is_kept(ask) -> None:
    luma = [np.tile(np.arange(80, dtype=np.uint8) * 3, (48, 1))]
    arguments = ask(encode(options=LOSSLESS, luma=luma, color_range=2))
    assert np.array_equal(read(arguments, 0), luma[0])


@needs_av
def test_what_is_beyond_video_range_is_clipped(ask) -> None:
    luma = [np.tile(np.arange(80, dtype=np.uint8) * 3 + 10, (48, 1))]
    grey = read(ask(encode(options=LOSSLESS, luma=luma)), 0)
    assert np.abs(grey - expand(luma[0])).max() <= 0.5
    assert grey[0, :3].tolist() == [0, 0, 0]
    assert grey[0, -2:].tolist() == [255, 255]


@needs_av
@pytest.mark.parametrize(("color_range", "black", "span"), [(0, 64, 876), (2, 0, 1023)])
def test_ten_bits_become_eight(color_range: int, black: int, span: int, ask) -> None:
    luma = [np.tile(np.arange(80, dtype=np.uint16) * 12 + 40, (48, 1))]
    options = {"crf": "0"}
    stream = encode(options=options, pixels="yuv420p10le", luma=luma, color_range=color_range)
    expected = np.clip((luma[0] - float(black)) * 255 / span, 0, 255)
    # The option's 0 is not free of loss here: 10 bits have quantisers below it.
    assert np.abs(read(ask(stream), 0) - expected).max() <= 1.5


@needs_av
def test_rows_that_are_no_multiple_of_a_block(ask) -> None:
    luma = [np.tile(np.arange(16, 66, dtype=np.uint8)[:, None], (1, 86))]
    grey = read(ask(encode(options=LOSSLESS, luma=luma), rows=50, columns=86), 0)
    assert np.abs(grey - expand(luma[0])).max() <= 0.5


@needs_av
@pytest.mark.parametrize(("uid", "parts"), [(MPEG4HP41, 1), (MPEG4HP41F, 5)])
def test_stream_in_the_fragments_of_a_dicom_file(
    uid: str, parts: int, h264: bytes, tmp_path: Path
) -> None:
    arguments = store_as_dicom(tmp_path / "video.dcm", h264, uid, parts)
    assert len(arguments["fragments"]) == parts
    for index in (0, 9, 4):
        assert find_frame(read(arguments, index)) == index


@needs_av
def test_mp4_of_many_fragments_whose_index_is_at_its_end(tmp_path: Path) -> None:
    stream = encode(container="mp4")
    assert stream.index(b"moov") > stream.index(b"mdat")
    arguments = store_as_dicom(tmp_path / "video.dcm", stream, MPEG4HP41F, 40)
    assert find_frame(read(arguments, 7)) == 7


@needs_av
def test_stream_that_dicom_has_padded(tmp_path: Path) -> None:
    stream = encode(container="h264")
    stream += bytes(1 - len(stream) % 2) + b"\0"
    arguments = store_as_dicom(tmp_path / "video.dcm", stream, MPEG4HP41, 1)
    assert [find_frame(read(arguments, index)) for index in range(FRAMES)] == list(range(FRAMES))


@needs_av
def test_meta_tells_of_fields_and_of_the_shape_of_pixels(ask, h264: bytes) -> None:
    meta, _ = read_video_frame(ask(h264, index=0))
    assert meta == {"interlaced": False, "pixel_aspect": None}
    stream = encode("mpeg2video", "mpegts", {}, pixel_aspect=Fraction(4, 5))
    meta, _ = read_video_frame(ask(stream, index=0))
    assert meta["pixel_aspect"] == [4, 5]


@needs_av
def test_frame_beyond_the_end(ask, h264: bytes) -> None:
    arguments = ask(h264)
    with pytest.raises(ReadError, match=f"at least 21 frames, got {FRAMES} that can be decoded"):
        read(arguments, 20)
    assert find_frame(read(arguments, 3)) == 3


@needs_av
def test_frame_before_the_first_one(ask, h264: bytes) -> None:
    with pytest.raises(ReadError, match="expected a frame from 1, got 0"):
        read(ask(h264), -1)


@needs_av
def test_another_size_than_the_header_tells(ask, h264: bytes) -> None:
    with pytest.raises(ReadError, match=r"expected a video of 80 x 48 px, .* got 48 x 80"):
        read(ask(h264, rows=COLUMNS, columns=ROWS), 0)


@needs_av
def test_size_is_checked_before_a_decoder_takes_memory(ask, monkeypatch) -> None:
    stream = encode(luma=[np.full((480, 640), 99, np.uint8)])
    monkeypatch.setattr(video_codec._Video, "_convert", None)
    with pytest.raises(ReadError):
        read(ask(stream), 0)


@needs_av
def test_another_file_of_that_name_is_opened_anew(ask, h264: bytes) -> None:
    assert find_frame(read(ask(h264), 2)) == 2
    other = encode(luma=LUMA[::-1], container="mp4")
    assert find_frame(read(ask(other), 2)) == FRAMES - 3


@needs_av
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_stream_that_is_cut_off_ends_in_an_error(share: float, ask, h264: bytes) -> None:
    arguments = ask(h264[: int(share * len(h264))])
    assert find_frame(read(arguments, 0)) == 0
    with pytest.raises(ReadError, match=r"expected a (sound )?video"):
        read(arguments, FRAMES - 1)


@needs_av
def test_no_frame_takes_the_place_of_one_that_is_lost(ask, h264: bytes) -> None:
    """Leave out one of the parts that a transport stream counts, each of 188 bytes."""
    errors = 0
    for lost in range(20, len(h264) // 188 - 1):
        arguments = ask(h264[: lost * 188] + h264[(lost + 1) * 188 :])
        for index in range(FRAMES):
            try:
                assert find_frame(read(arguments, index)) == index
            except ReadError:
                errors += 1
    assert errors > FRAMES


@needs_av
def test_times_that_go_back_are_an_error(ask, h264: bytes, monkeypatch) -> None:
    arguments = ask(h264)
    with av.open(arguments["path"]) as container:
        frames = list(container.decode(video=0))
    frames[4:6] = frames[5:3:-1]
    monkeypatch.setattr(video_codec._Video, "_decode", lambda _: (frame for frame in frames))
    assert find_frame(read(arguments, 3)) == 3
    with pytest.raises(ReadError, match="got frame 6 out of order"):
        read(arguments, 5)


@needs_av
@pytest.mark.parametrize("container", ["mpegts", "mp4", "h264"])
def test_damage_is_reported_or_does_no_harm(container: str, ask) -> None:
    """Flip bytes; where no error comes, the frame is the right one but for a rare exception."""
    stream = encode(container=container)
    sound = [read(ask(stream), index) for index in range(FRAMES)]
    rng = np.random.default_rng(0)
    errors = wrong = 0
    for _ in range(30):
        content = bytearray(stream)
        for position in rng.integers(8, len(content), 4):
            content[position] ^= int(rng.integers(1, 256))
        arguments = ask(bytes(content))
        for index in range(FRAMES):
            try:
                wrong += int(np.abs(read(arguments, index) - sound[index].astype(float)).max() > 9)
            except ReadError:
                errors += 1
    assert errors > 100
    assert wrong < 0.02 * errors


@needs_av
def test_after_damage_only_what_does_not_depend_on_it_is_given(
    ask, h264: bytes, monkeypatch
) -> None:
    """A decoder that reports damage in frame 8, in a video with a key frame every six frames."""

    class Reported:
        def __init__(self, frame: Any, **flags: bool) -> None:
            self._frame = frame
            self.__dict__.update(flags)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._frame, name)

    arguments = ask(h264)
    with av.open(arguments["path"]) as container:
        frames = [
            Reported(frame, is_corrupt=number == 8, key_frame=number % 6 == 0)
            for number, frame in enumerate(container.decode(video=0))
        ]
    monkeypatch.setattr(video_codec._Video, "_decode", lambda _: (frame for frame in frames))
    for index in (*range(8), *range(12, FRAMES)):
        assert find_frame(read(arguments, index)) == index
    for index in range(8, 12):
        with pytest.raises(ReadError, match=f"got damaged data in frame {index + 1}"):
            read(arguments, index)


@needs_av
@pytest.mark.parametrize("content", [b"", b"noise" * 500, b"\x89PNG\r\n\x1a\n", bytes(5000)])
def test_no_video_at_all(content: bytes, ask) -> None:
    with pytest.raises(ReadError, match="expected a sound video"):
        read(ask(content), 0)


@needs_av
@pytest.mark.parametrize(
    "play_list",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nfile://{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_no_other_file_is_opened(play_list: str, ask, h264: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.ts").write_bytes(h264)
    with pytest.raises(ReadError):
        read(ask(play_list.format(tmp_path / "other.ts").encode()), 0)


@needs_av
def test_message_quotes_neither_path_nor_ffmpeg(ask) -> None:
    with pytest.raises(ReadError) as caught:
        read(ask(b"SECRET NAME" * 100), 0)
    assert "SECRET" not in str(caught.value)
    assert "video'" not in str(caught.value)


@needs_av
def test_video_without_luma(ask) -> None:
    stream = encode("libx264rgb", "h264", {"qp": "0"}, pixels="rgb24", luma=[IMAGE.repeat(3, 1)])
    with pytest.raises(ReadError, match="expected a video with a plane of luma, got gbrp"):
        read(ask(stream, columns=3 * COLUMNS), 0)


@pytest.mark.parametrize("fragments", [[], [[0, 101]], [[0, 10], [95, 10]]])
def test_fragments_beyond_the_file(fragments: list[list[int]], ask) -> None:
    with pytest.raises(ReadError, match="it may be cut off"):
        read(ask(bytes(100), fragments=fragments), 0)


def test_message_tells_what_to_install(ask, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ReadError, match=r"pip install '\.\[video\]'"):
        read(ask(bytes(100)), 0)


def test_fragments_are_joined_wherever_one_reads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    content = rng.bytes(1000)
    (tmp_path / "file").write_bytes(content)
    fragments = ((500, 100), (0, 7), (20, 0), (7, 300), (900, 100))
    joined = b"".join(content[offset : offset + length] for offset, length in fragments)
    with io.BufferedReader(video_codec._FragmentStream(tmp_path / "file", fragments), 16) as file:
        assert file.seek(0, io.SEEK_END) == len(joined)
        for start, length in rng.integers(0, len(joined) + 20, (200, 2)):
            file.seek(start)
            assert file.read(length) == joined[start : start + length]


def store_as_dicom(path: Path, stream: bytes, uid: str, parts: int) -> dict[str, Any]:
    """Encapsulate by pydicom, and find the fragments by its parser."""
    dataset: Dataset = make_phantom_dataset(np.stack([IMAGE] * FRAMES))
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.PixelData = encapsulate([stream], fragments_per_frame=parts, has_bot=False)
    dataset.save_as(path, enforce_file_format=True)
    offset = dcmread(path, defer_size=64).get_item("PixelData", keep_deferred=True).value_tell
    with path.open("rb") as file:
        file.seek(offset)
        parse_basic_offsets(file)
        _, items = parse_fragments(file)
        fragments = []
        for item in items:
            file.seek(item + 4)
            fragments.append([item + 8, int.from_bytes(file.read(4), "little")])
    return {"path": str(path), "fragments": fragments, "rows": ROWS, "columns": COLUMNS}
