"""Compressed frames out of their fragments (PS3.5 section A.4); the streams are made up."""

from itertools import accumulate
from pathlib import Path
from struct import pack

import pytest
from orientation_phantom import make_orientation_phantom
from pydicom.uid import UID, JPEGLSLossless, RLELossless

from pipeline.errors import ReadError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.dicom import encapsulated_frames
from pipeline.readers.dicom.dicom_header import DicomHeader
from pipeline.readers.dicom.encapsulated_frames import EncapsulatedFrames

IMAGE, _ = make_orientation_phantom(12, 12)
END = b"\xff\xd9"
START = b"\xff\xd8\xff"
FRAMES = [
    [START + b"first one" + END],
    [START + b"second ", b" one, in", b" parts" + END],
    [START + b"the third" + END],
]
"""Fragments of each of three frames."""
ITEM, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


def make_item(content: bytes) -> bytes:
    return ITEM + pack("<L", len(content)) + content


def list_offsets(frames: list[list[bytes]]) -> list[int]:
    lengths = [sum(8 + len(fragment) for fragment in frame) for frame in frames]
    return [0, *accumulate(lengths[:-1])]


def make_pixels(frames: list[list[bytes]], offsets: list[int] | None = None) -> bytes:
    table = make_item(b"".join(pack("<L", offset) for offset in offsets or []))
    return table + b"".join(make_item(part) for frame in frames for part in frame) + SEQUENCE_END


def open_frames(
    path: Path, pixels: bytes, count: int, syntax: UID = JPEGLSLossless, **attributes: object
) -> EncapsulatedFrames:
    """Write a file with these bytes as encapsulated pixel data, and open its frames."""
    dataset = make_phantom_dataset(IMAGE)
    dataset.file_meta.TransferSyntaxUID = syntax
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
    frames = open_frames(tmp_path, make_pixels(FRAMES[1:2]), 1)
    assert frames.read(0) == JOINED[1]
    assert frames.remarks == ()


@pytest.mark.parametrize("padding", [b"", b"\0\0", b"\0" * 8])
def test_several_fragments_a_frame_are_reported_by_the_beginning_of_the_stream(
    tmp_path: Path, padding: bytes
) -> None:
    padded = [[*frame[:-1], frame[-1] + padding] for frame in FRAMES]
    frames = open_frames(tmp_path, make_pixels(padded), 3)
    assert read_all(frames) == [b"".join(frame) for frame in padded]


def test_beginning_of_a_jpeg_is_none_of_run_lengths(tmp_path: Path) -> None:
    head = pack("<16L", 1, 64, *[0] * 14)
    runs = [[head + b"ab", START + b"c"], [head + b"de"], [head + b"fg", b"hi"]]
    frames = open_frames(tmp_path, make_pixels(runs), 3, syntax=RLELossless)
    assert read_all(frames) == [b"".join(frame) for frame in runs]


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
    [[0, 22, 9999], [0, 23, 70], [22, 22, 60], [0, 0, 22], [60, 22, 0], [0, 22], [0, 22, 40]],
    ids=["beyond", "within", "not from 0", "twice", "backwards", "too few", "within a frame"],
)
@pytest.mark.parametrize("is_extended", [False, True])
def test_offsets_that_lead_elsewhere(tmp_path: Path, offsets: list[int], is_extended: bool) -> None:
    tables = {"ExtendedOffsetTable": pack(f"<{len(offsets)}Q", *offsets)} if is_extended else {}
    pixels = make_pixels(FRAMES, None if is_extended else offsets)
    frames = open_frames(tmp_path, pixels, 3, **tables)
    assert read_all(frames) == JOINED
    assert frames.remarks == ("its Offset Table is wrong, and does not count",)


def test_nothing_tells_which_fragments_are_a_frame(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected to find 3 compressed frames"):
        open_frames(tmp_path, make_pixels([[b"part"]] * 5), 3)


def test_frame_without_its_beginning_is_not_taken_for_a_part_of_the_one_before(
    tmp_path: Path,
) -> None:
    damaged = [FRAMES[0], [b"no start" + END], FRAMES[2], FRAMES[0]]
    with pytest.raises(ReadError, match="expected to find 3 compressed frames"):
        open_frames(tmp_path, make_pixels(damaged), 3)


def test_fragment_behind_the_last_frame_is_no_part_of_it(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels([*FRAMES, FRAMES[0]]), 3)
    assert read_all(frames) == JOINED
    assert "further frames" in frames.remarks[0]


def test_fewer_fragments_than_frames(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected 7 compressed frames, got 5 fragments"):
        open_frames(tmp_path, make_pixels(FRAMES), 7)


def test_no_fragments(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected 1 compressed frames, got 0 fragments"):
        open_frames(tmp_path, make_pixels([]), 1)


@pytest.mark.parametrize("cut", [1, 5, 8])
def test_missing_delimiter(tmp_path: Path, cut: int) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES))[:-cut], 3)
    assert read_all(frames) == JOINED
    assert frames.remarks == ("it lacks the end of the compressed frames (FFFE,E0DD)",)


@pytest.mark.parametrize("cut", [9, 12, 20, 22, 30])
def test_cut_within_a_fragment_or_before_the_last_one(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ReadError, match="the file is cut off"):
        open_frames(tmp_path, make_pixels([[part] for part in JOINED])[:-cut], 3)


@pytest.mark.parametrize("pixels", [b"", ITEM, SEQUENCE_END, b"\xff\xd8\xff\xe0JFIF" * 9])
def test_no_offset_table(tmp_path: Path, pixels: bytes) -> None:
    with pytest.raises(ReadError, match=r"expected .*compressed frames"):
        open_frames(tmp_path, pixels, 1)


@pytest.mark.parametrize("length", [7, 4 * 5001])
def test_offset_table_of_a_wrong_length(tmp_path: Path, length: int) -> None:
    pixels = ITEM + pack("<L", length) + bytes(length) + make_pixels(FRAMES)[8:]
    assert read_all(open_frames(tmp_path, pixels, 3)) == JOINED


def test_offset_table_that_is_missing(tmp_path: Path) -> None:
    frames = open_frames(tmp_path, make_pixels(FRAMES)[8:], 3)
    assert read_all(frames) == JOINED
    assert frames.remarks == ("it lacks the Basic Offset Table",)


@pytest.mark.parametrize("is_padded", [False, True])
def test_odd_lengths(tmp_path: Path, is_padded: bool) -> None:
    parts = [START + b"ab" + END + bytes(even) for even in (0, 1, 0)]
    padding = [b"\0" * (len(part) % 2 * is_padded) for part in parts]
    items = b"".join(make_item(part) + pad for part, pad in zip(parts, padding, strict=True))
    frames = open_frames(tmp_path, make_item(b"") + items + SEQUENCE_END, 3)
    assert read_all(frames) == parts
    assert "its fragments have odd lengths" in frames.remarks


def test_fragment_that_is_longer_than_the_file(tmp_path: Path) -> None:
    pixels = make_item(b"") + ITEM + pack("<L", 0xFFFFFFFE) + b"abc"
    with pytest.raises(ReadError, match="the file is cut off"):
        open_frames(tmp_path, pixels, 1)


def test_too_many_fragments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encapsulated_frames, "MOST_FRAGMENTS", 4)
    with pytest.raises(ReadError, match="at most 4 fragments"):
        open_frames(tmp_path, make_pixels(FRAMES), 1)


def test_frame_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encapsulated_frames, "LARGEST_ENCODED_FRAME_BYTES", 20)
    frames = open_frames(tmp_path, make_pixels(FRAMES, list_offsets(FRAMES)), 3)
    assert frames.read(0) == JOINED[0]
    with pytest.raises(ReadError, match="compressed frame of at most 20 bytes, got 26"):
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
