"""Compressed frames out of their fragments (PS3.5 section A.4); the streams are made up."""

from itertools import accumulate
from pathlib import Path
from struct import pack

import pytest
from pydicom.uid import JPEGLSLossless

from pipeline.datasets.phantom import make_orientation_phantom
from pipeline.datasets.phantom_dicom import make_phantom_dataset
from pipeline.errors import ReadError
from pipeline.readers import encapsulated_frames
from pipeline.readers.dicom_header import DicomHeader
from pipeline.readers.encapsulated_frames import EncapsulatedFrames

IMAGE, _ = make_orientation_phantom(12, 12)
END = b"\xff\xd9"
FRAMES = [[b"first one."], [b"second", b" one, in", b" parts."], [b"the third."]]
"""Fragments of each of three frames; the streams do not tell their ends."""
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def make_item(content: bytes) -> bytes:
    return ITEM + pack("<L", len(content)) + content


def list_offsets(frames: list[list[bytes]]) -> list[int]:
    lengths = [sum(8 + len(fragment) for fragment in frame) for frame in frames]
    return [0, *accumulate(lengths[:-1])]


def make_pixels(frames: list[list[bytes]], offsets: list[int] | None = None) -> bytes:
    table = make_item(b"".join(pack("<L", offset) for offset in offsets or []))
    return table + b"".join(make_item(part) for frame in frames for part in frame) + SEQUENCE_END


def open_frames(path: Path, pixels: bytes, count: int, **attributes: object) -> EncapsulatedFrames:
    """Write a file with these bytes as encapsulated pixel data, and open its frames."""
    dataset = make_phantom_dataset(IMAGE)
    dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
    del dataset.PixelData
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path / "x.dcm", enforce_file_format=True)
    with (path / "x.dcm").open("ab") as file:
        file.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + pixels)
    return EncapsulatedFrames(DicomHeader(path / "x.dcm"), count)


def read_all(frames: EncapsulatedFrames, count: int = 3) -> list[bytes]:
    return [frames.read(index) for index in range(count)]


JOINED = [b"".join(frame) for frame in FRAMES]


def test_basic_offset_table(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)), 3)
    assert read_all(frames) == JOINED


def test_extended_offset_table(tmp_path: Path) -> None:
    offsets = pack("<3Q", *list_offsets(FRAMES))
    lengths = pack("<3Q", *map(len, JOINED))
    tables = {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    assert read_all(open_frames(tmp_path, make_pixels(FRAMES), 3, **tables)) == JOINED


def test_one_fragment_a_frame_needs_no_table(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels([[part] for part in JOINED]), 3)
    assert read_all(frames) == JOINED


def test_all_fragments_are_those_of_a_single_frame(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES), 1)
    assert frames.read(0) == b"".join(JOINED)


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0" * 8])
def test_several_fragments_a_frame_are_told_by_the_end_of_the_stream(
    tmp_path: Path, padding: bytes
) -> None:
    ended = [[*frame[:-1], frame[-1] + END + padding] for frame in FRAMES]
    frames = open_frames(tmp_path, make_pixels(ended), 3)
    assert read_all(frames) == [b"".join(frame) for frame in ended]


def test_end_within_a_short_fragment_does_not_count_for_the_one_before(tmp_path: Path) -> None:
    ended = [[b"ab", b"cd" + END], [b"first" + END], [b"ef", END]]
    frames = open_frames(tmp_path, make_pixels(ended), 3)
    assert read_all(frames) == [b"abcd" + END, b"first" + END, b"ef" + END]


def test_length_that_looks_like_an_end_does_not_count(tmp_path: Path) -> None:
    ended = [[b"ab", bytes(0xD9FF - 2) + END], [b"x", b"y" + END]]
    frames = open_frames(tmp_path, make_pixels(ended), 2)
    assert [len(frame) for frame in read_all(frames, 2)] == [0xD9FF + 2, 4]


def test_fragments_are_where_their_bytes_are(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)), 3)
    content = (tmp_path / "x.dcm").read_bytes()
    parts = [part for frame in FRAMES for part in frame]
    assert frames.fragments == [(content.index(part), len(part)) for part in parts]


def test_elements_behind_the_pixels_do_not_count(tmp_path: Path) -> None:
    behind = b"\xfc\xff\xfc\xffOB\0\0" + pack("<L", 20) + make_item(b"another one.")
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)) + behind, 3)
    assert read_all(frames) == JOINED


@pytest.mark.parametrize(
    "offsets",
    [[0, 18, 9999], [0, 19, 70], [18, 18, 60], [0, 0, 18], [60, 18, 0], [0, 18]],
    ids=["beyond", "within", "not from 0", "twice", "backwards", "too few"],
)
@pytest.mark.parametrize("is_extended", [False, True])
def test_offsets_that_lead_nowhere(tmp_path: Path, offsets: list[int], is_extended: bool) -> None:
    tables = {"ExtendedOffsetTable": pack(f"<{len(offsets)}Q", *offsets)} if is_extended else {}
    pixels = make_pixels(FRAMES, None if is_extended else offsets)
    with pytest.raises(ReadError, match="expected to find 3 compressed frames"):
        open_frames(tmp_path, pixels, 3, **tables)


@pytest.mark.parametrize("ends", [0, 1, 2, 4])
def test_number_of_ends_that_is_not_that_of_the_frames(tmp_path: Path, ends: int) -> None:
    parts = [[b"part" + (END if number < ends else b"")] for number in range(5)]
    with pytest.raises(ReadError, match="expected to find 3 compressed frames"):
        open_frames(tmp_path, make_pixels(parts), 3)


def test_fragment_behind_the_last_end_is_left_out(tmp_path: Path) -> None:
    parts = [[b"one" + END], [b"two" + END], [b"three" + END], [b""]]
    frames = open_frames(tmp_path, make_pixels(parts), 3)
    assert frames.read(2) == b"three" + END


def test_fewer_fragments_than_frames(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected 7 compressed frames, got 5 fragments"):
        open_frames(tmp_path, make_pixels(FRAMES), 7)


def test_no_fragments(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected 1 compressed frames, got 0 fragments"):
        open_frames(tmp_path, make_pixels([]), 1)


@pytest.mark.parametrize("cut", [5, 8, 9, 12, 20])
def test_missing_delimiter(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ReadError, match="the file is cut off"):
        open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES))[:-cut], 3)


@pytest.mark.parametrize("pixels", [b"", ITEM, SEQUENCE_END, b"\xff\xd8\xff\xe0JFIF" * 9])
def test_no_offset_table(tmp_path: Path, pixels: bytes) -> None:
    with pytest.raises(ReadError, match=r"expected .*compressed frames"):
        open_frames(tmp_path, pixels, 1)


@pytest.mark.parametrize("length", [7, 4 * 5001, 0xFFFFFFFC])
def test_offset_table_of_a_wrong_length(tmp_path: Path, length: int) -> None:
    with pytest.raises(ReadError, match="begin with a Basic Offset Table"):
        open_frames(tmp_path, ITEM + pack("<L", length) + bytes(40) + SEQUENCE_END, 1)


def test_fragment_that_is_longer_than_the_file(tmp_path: Path) -> None:
    pixels = make_item(b"") + ITEM + pack("<L", 0xFFFFFFFE) + b"abc"
    with pytest.raises(ReadError, match="the file is cut off"):
        open_frames(tmp_path, pixels, 1)


def test_too_many_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encapsulated_frames, "MOST_FRAGMENTS", 4)
    with pytest.raises(ReadError, match="at most 4 fragments"):
        open_frames(tmp_path, make_pixels(FRAMES), 1)


def test_frame_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encapsulated_frames, "LARGEST_ENCODED_FRAME_BYTES", 15)
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)), 3)
    assert frames.read(0) == JOINED[0]
    with pytest.raises(ReadError, match="compressed frame of at most 15 bytes, got 21"):
        frames.read(1)


def test_table_of_more_frames_than_the_header_tells(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)), 2)
    assert frames.read(0) == JOINED[0]


def test_frames_of_an_encoder(tmp_path: Path) -> None:
    images = [IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]
    singles = []
    for image in images:
        single = make_phantom_dataset(image)
        single.compress(JPEGLSLossless)
        single.save_as(tmp_path / "single.dcm", enforce_file_format=True)
        singles.append(EncapsulatedFrames(DicomHeader(tmp_path / "single.dcm"), 1).read(0))
    assert len(set(singles)) == 3
    pixels = make_pixels([[stream] for stream in singles])
    assert read_all(open_frames(tmp_path, pixels, 3)) == singles
