"""DICOM files that are no ultrasound, damaged, or lie about their pixels.

Image: the orientation phantom, 48 x 80. The patient is called SECRET^NAME, as no message may tell.
"""

import contextlib
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from image_formats import FORMATS
from orientation_phantom import make_orientation_phantom
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HEVCMP51,
    MPEG4HP41,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from pipeline.errors import ReadError, SkippedError
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset, make_region
from pipeline.readers.dicom import dicom_source, pixel_description
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.image_source import IDENTITY_KEYWORDS
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin

IMAGE, _ = make_orientation_phantom(48, 80)
CINE = np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]])
STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Dataset], Path]:
    def _write(dataset: Dataset) -> Path:
        dataset.PatientName = "SECRET^NAME"
        path = tmp_path / "image.dcm"
        dataset.save_as(path, enforce_file_format=True)
        return path

    return _write


def read_all(path: Path) -> list[np.ndarray]:
    source = DicomSource(path)
    return [source.read(index) for index in range(source.frames)]


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        (STRUCTURED_REPORT, "Comprehensive SR Storage"),
        ("1.2.840.10008.5.1.4.1.1.2", "CT Image Storage"),
        ("1.2.826.0.1.3680043.8.498.1", "a class of no standard"),
    ],
)
def test_other_classes_are_skipped_by_name(write, uid: str, name: str) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid
    with pytest.raises(SkippedError, match=f"^not an ultrasound image: {name}$"):
        DicomSource(write(dataset))


def test_secondary_capture_is_taken(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    assert np.array_equal(read_all(write(dataset))[0], IMAGE)


def test_report_without_pixels_is_skipped_and_not_failed(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = STRUCTURED_REPORT
    del dataset.PixelData
    with pytest.raises(SkippedError, match="not an ultrasound image"):
        DicomSource(write(dataset))


def test_image_without_pixels(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    del dataset.PixelData
    with pytest.raises(ReadError, match="expected PixelData"):
        DicomSource(write(dataset))


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "SamplesPerPixel", "BitsAllocated"])
def test_missing_attribute(write, keyword: str) -> None:
    dataset = make_phantom_dataset(IMAGE)
    del dataset[keyword]
    with pytest.raises(ReadError, match=rf"expected {keyword} \(0028,"):
        DicomSource(write(dataset))


@pytest.mark.parametrize(
    ("frames", "reason"), [(0, "for 1 frames .* got 11520"), (-1, "NumberOfFrames .* of 1 to 5000")]
)
def test_number_of_frames_below_one(write, frames: int, reason: str) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.NumberOfFrames = frames
    with pytest.raises(ReadError, match=f"expected .*{reason}"):
        DicomSource(write(dataset))


@pytest.mark.parametrize("kind", [DicomKind.MONOCHROME2, DicomKind.YBR_FULL_422_JPEG])
def test_a_billion_frames_are_refused_when_opened(write, kind: DicomKind) -> None:
    dataset = make_phantom_dataset(CINE, kind=kind)
    dataset.NumberOfFrames = 10**9
    with pytest.raises(ReadError, match="expected"):
        DicomSource(write(dataset))


def test_gigantic_frame_is_refused_when_opened(write) -> None:
    dataset = make_phantom_dataset(IMAGE, kind=DicomKind.YBR_FULL_422_JPEG)
    dataset.Rows = dataset.Columns = 65535
    with pytest.raises(ReadError, match="expected a frame of 1 to 64000000 pixels"):
        DicomSource(write(dataset))


@pytest.mark.parametrize("cut", [1, 100, 3840])
def test_native_file_that_is_cut_off(write, cut: int) -> None:
    path = write(make_phantom_dataset(IMAGE))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReadError, match="cut off"):
        DicomSource(path)


@pytest.mark.parametrize("cut", [20, 300])
def test_compressed_file_that_is_cut_off(write, cut: int) -> None:
    path = write(make_phantom_dataset(CINE, kind=DicomKind.YBR_FULL_422_JPEG))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReadError, match="the file is cut off"):
        DicomSource(path)


def test_file_that_ends_within_the_header_is_no_other_class(write) -> None:
    path = write(make_phantom_dataset(IMAGE))
    content = path.read_bytes()
    reason = r"expected|unsupported transfer syntax: of no"
    for size in (134, *range(140, 1100, 7)):
        path.write_bytes(content[:size])
        with pytest.raises(ReadError, match=reason) as caught:
            DicomSource(path)
        assert not isinstance(caught.value, SkippedError), size


@pytest.mark.parametrize("uid", [JPEG2000Lossless, JPEGLSLossless])
def test_stream_of_another_size_is_refused(write, uid) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.compress(uid)
    dataset.Rows, dataset.Columns = 40, 60  # GDCM would cut the picture to this
    source = DicomSource(write(dataset))
    with pytest.raises(ReadError, match=r"expected a stream of \(40, 60\) .* got \(48, 80\)"):
        source.read(0)


def test_one_broken_frame_leaves_the_others(write) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.compress(JPEGLSLossless)
    path = write(dataset)
    content = path.read_bytes()
    second = [at for at in range(len(content)) if content.startswith(b"\xff\xd8\xff\xf7", at)][1]
    path.write_bytes(content[:second] + bytes(30) + content[second + 30 :])
    source = DicomSource(path)
    with pytest.raises(ReadError, match="got something else"):
        source.read(1)
    assert np.array_equal(source.read(2), CINE[2])


def test_unknown_transfer_syntax_is_not_quoted(write) -> None:
    path = write(make_phantom_dataset(IMAGE))
    content = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.826.0.1.3680043.")
    path.write_bytes(content)
    with pytest.raises(ReadError) as caught:
        read_all(path)
    assert "3680043" not in str(caught.value)


@pytest.mark.parametrize("uid", [MPEG4HP41, HEVCMP51])
def test_broken_video_is_refused_when_read(write, uid: UID) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.PixelData = encapsulate([b"\0\0\0\1", b"\0\0\0\1", b"\0\0\0\1"])
    source = DicomSource(write(dataset))
    with pytest.raises(ReadError, match="expected"):
        source.read(0)


def test_unsupported_transfer_syntax_is_refused_by_name_when_opened(write) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.94")
    dataset.PixelData = encapsulate([b"\0\0\0\1"] * 3)
    with pytest.raises(ReadError, match="unsupported transfer syntax: JPIP Referenced"):
        DicomSource(write(dataset))


def test_unfit_photometric_interpretation(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PhotometricInterpretation = "RGB"
    with pytest.raises(ReadError, match=r"SamplesPerPixel .* of 3 for RGB, got 1"):
        read_all(write(dataset))


def test_region_that_misses_a_corner(write) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.1))
    del dataset.SequenceOfUltrasoundRegions[0].RegionLocationMaxX1
    source = DicomSource(write(dataset))
    (region,) = source.regions(source.read(0), find_field=False)
    assert region == CalibratedRegion((0, 0, 48, 80), None, RegionOrigin.WHOLE)


def test_every_damage_ends_in_a_read_error_without_the_patient(write) -> None:
    """Flip bytes everywhere; a file may read as something else, but nothing else may happen."""
    rng = np.random.default_rng(0)
    originals, messages = [], []
    for uid in (None, RLELossless, JPEG2000Lossless):
        dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.1))
        dataset.SequenceOfUltrasoundRegions.append(make_region((0, 0, 9, 9), (1.0, 1.0)))
        if uid is not None:
            dataset.compress(uid)
        path = write(dataset)
        originals.append(path.read_bytes())
    for number in range(120):
        content = bytearray(originals[number % 3])
        for position in rng.integers(132, 1400, 4):
            content[position] = rng.integers(256)
        path.write_bytes(content)
        try:
            source = DicomSource(path)
            assert isinstance(source.remarks, tuple)
            assert set(source.identity) == set(IDENTITY_KEYWORDS)
            for index in range(min(source.frames, 2)):
                source.regions(source.read(index))
        except ReadError as error:
            messages.append(str(error))
    assert len(messages) > 30
    assert not any("SECRET" in message for message in messages)


TAG, VR, VALUE = range(4), range(4, 6), range(8, 10)
HARMLESS = {
    "SamplesPerPixel": {*VR},
    "PhotometricInterpretation": {*VR},
    "Rows": {*VR},
    "Columns": {*VR},
    "BitsAllocated": {*VR},
    "BitsStored": {*VR},
    "HighBit": {*TAG, *VR, *VALUE},  # no choice is left of 8 bits in 8
    "PixelRepresentation": {*TAG, *VR},
    "BurnedInAnnotation": {*TAG, *VR, *VALUE},
    "LossyImageCompression": {*TAG, *VR, *VALUE},
}
"""Bytes of each element, from its tag on, that may be inverted without any harm."""


def test_every_damage_of_an_attribute_of_the_pixels_is_harmless_or_refused(write) -> None:
    path = write(make_phantom_dataset(IMAGE))
    original, found = path.read_bytes(), {}
    for element in pydicom.dcmread(path).group_dataset(0x0028):
        tag = struct.pack("<HH", element.tag.group, element.tag.element)
        start = original.index(tag + element.VR.encode())
        length = 8 + int.from_bytes(original[start + 6 : start + 8], "little")
        taken = found.setdefault(element.keyword, set())
        for at in range(start, start + length):
            path.write_bytes(original[:at] + bytes([original[at] ^ 0xFF]) + original[at + 1 :])
            with contextlib.suppress(ReadError):
                source = DicomSource(path)
                assert source.frames == 1
                assert np.array_equal(source.read(0), IMAGE)
                taken.add(at - start)
    assert found == HARMLESS


def test_pixels_of_a_cine_stay_in_the_file(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (120, 64, 64), dtype=np.uint8)
    dataset = make_phantom_dataset(frames)
    dataset.save_as(tmp_path / "cine.dcm", enforce_file_format=True)
    del dataset
    tracemalloc.start()
    try:
        read_frames = DicomSource(tmp_path / "cine.dcm")
        for index in range(120):
            read_frames.read(index)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < frames.nbytes / 4


def test_palette_of_16_bits_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    FORMATS["dicom-PALETTE_16"].write(path, IMAGE)
    dataset = pydicom.dcmread(path)
    table = np.linspace(65535, 0, 256).round().astype("<u2")
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableData", (table // 2).tobytes())
    dataset.save_as(path)
    assert np.abs(read_all(path)[0] - IMAGE / 2).max() < 0.51


def test_palette_of_16_bit_indices(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelData = (IMAGE.astype("<u2") + 1000).tobytes()
    dataset["PixelData"].VR = "OW"
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 1000, 16])
        table = (np.arange(256) * 257).astype("<u2").tobytes()
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table)
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    assert np.array_equal(read_all(tmp_path / "image.dcm")[0], IMAGE)


def test_nothing_of_the_header_is_logged(write, caplog: pytest.LogCaptureFixture) -> None:
    path = write(make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.1)))
    content = path.read_bytes()
    content = content.replace(b"1.2.840.10008.1.2.1\0", b"1.SECRET.SECRET.00.\0")
    path.write_bytes(content)
    with pytest.raises(ReadError):
        read_all(path)
    assert "SECRET" not in caplog.text


NOISE = np.random.default_rng(0).integers(0, 256, (3, 13, 15), dtype=np.uint8)
"""Three frames of an odd number of pixels, in which nothing is like anything else."""


def make_noise(photometric: str, frames: np.ndarray, **attributes: object) -> Dataset:
    """Make a file of these samples, frame by frame as they lie in it."""
    dataset = make_phantom_dataset(NOISE)
    dataset.PhotometricInterpretation = photometric
    dataset.PixelData = frames.tobytes() + b"\0" * (frames.nbytes % 2)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def read_as(write, dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> np.ndarray:
    dataset.file_meta.TransferSyntaxUID = syntax
    return np.stack(read_all(write(dataset)))


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_frames_of_odd_length(write, syntax: UID) -> None:
    assert np.array_equal(read_as(write, make_noise("MONOCHROME2", NOISE), syntax), NOISE)


def test_bytes_in_words_of_big_endian_are_swapped(write) -> None:
    stored = np.frombuffer(NOISE.tobytes() + b"\0", "<u2").astype(">u2")
    dataset = make_noise("MONOCHROME2", stored)
    dataset["PixelData"].VR = "OW"
    assert np.array_equal(read_as(write, dataset, ExplicitVRBigEndian), NOISE)


def test_frames_of_bits_do_not_start_at_a_byte(write) -> None:
    bits = NOISE > 128
    dataset = make_noise("MONOCHROME2", NOISE, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes()
    assert np.array_equal(read_as(write, dataset), bits * 255)


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_words_of_16_bits(write, order: str, is_signed: bool) -> None:
    least = -(2**15) if is_signed else 0
    values = np.random.default_rng(1).integers(0, 2**16, NOISE.shape) + least
    stored = values.astype(f"{order}{'i' if is_signed else 'u'}2")
    depth = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
    dataset = make_noise("MONOCHROME2", stored, PixelRepresentation=int(is_signed), **depth)
    dataset["PixelData"].VR = "OW"
    syntax = ExplicitVRLittleEndian if order == "<" else ExplicitVRBigEndian
    grey = read_as(write, dataset, syntax)
    assert np.allclose(grey, (values - least) / 257, atol=1e-3)


def draw_colours() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (3, 13, 15, 3), dtype=np.uint8)


@pytest.mark.parametrize("is_planar", [False, True])
def test_colours_in_both_orders(write, is_planar: bool) -> None:
    rgb = draw_colours()
    stored = np.ascontiguousarray(np.moveaxis(rgb, -1, 1)) if is_planar else rgb
    dataset = make_noise("RGB", stored, SamplesPerPixel=3, PlanarConfiguration=int(is_planar))
    assert np.abs(read_as(write, dataset) - rgb @ [0.299, 0.587, 0.114]).max() < 0.51


def to_luma(ybr: np.ndarray) -> np.ndarray:
    """Luma of the RGB that YBR gives (PS3.3 section C.7.6.3.1.2), colours beyond it clipped."""
    y, cb, cr = np.moveaxis(ybr.astype(float), -1, 0)
    red, blue = y + 1.402 * (cr - 128), y + 1.772 * (cb - 128)
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return np.stack([red, green, blue], axis=-1).clip(0, 255) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("is_planar", [False, True])
def test_luma_of_ybr(write, is_planar: bool) -> None:
    ybr = draw_colours()
    ybr[0, ..., 1:] = 128  # the first frame is grey
    stored = np.ascontiguousarray(np.moveaxis(ybr, -1, 1)) if is_planar else ybr
    dataset = make_noise("YBR_FULL", stored, SamplesPerPixel=3, PlanarConfiguration=int(is_planar))
    grey = read_as(write, dataset)
    assert np.array_equal(grey[0], ybr[0, ..., 0])
    assert np.abs(grey - to_luma(ybr)).max() < 1.51


def test_luma_of_ybr_that_is_thinned_out(write) -> None:
    luma = np.random.default_rng(3).integers(0, 256, (3, 13, 16), dtype=np.uint8)
    colours = np.random.default_rng(4).integers(0, 256, (3, 13, 8, 2), dtype=np.uint8)
    colours[0] = 128  # the first frame is grey
    stored = np.concatenate([luma.reshape(3, 13, 8, 2), colours], axis=-1)  # Y Y Cb Cr
    options = {"SamplesPerPixel": 3, "PlanarConfiguration": 0, "Columns": 16}
    grey = read_as(write, make_noise("YBR_FULL_422", stored, **options))
    assert np.array_equal(grey[0], luma[0])
    ybr = np.concatenate([luma[..., None], np.repeat(colours, 2, axis=2)], axis=-1)
    assert np.abs(grey - to_luma(ybr)).max() < 1.51


@pytest.mark.parametrize(
    ("keyword", "limit", "message"),
    [
        ("MOST_FRAMES", 2, r"NumberOfFrames .* of 1 to 2, got 3"),
        ("LARGEST_DECODED_BYTES", 500, "at most 500 bytes of decoded pixels, got 585"),
    ],
)
def test_file_beyond_a_limit(write, monkeypatch, keyword: str, limit: int, message: str) -> None:
    monkeypatch.setattr(pixel_description, keyword, limit)
    with pytest.raises(ReadError, match=message):
        DicomSource(write(make_noise("MONOCHROME2", NOISE)))


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("BitsAllocated", 32), ("BitsStored", 9), ("BitsStored", 0), ("SamplesPerPixel", 3)],
)
def test_pixels_that_are_not_read(write, keyword: str, value: int) -> None:
    with pytest.raises(ReadError, match=f"expected {keyword}"):
        DicomSource(write(make_noise("MONOCHROME2", NOISE, **{keyword: value})))


def test_encapsulated_pixels_of_a_plain_syntax(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.compress(RLELossless)
    path = write(dataset)
    plain = b"1.2.840.10008.1.2.1\0"
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.5\0", plain))
    with pytest.raises(ReadError, match=r"expected plain pixel data .*, got encapsulated"):
        DicomSource(path)


def test_plain_pixels_of_an_encapsulated_syntax(write) -> None:
    path = write(make_phantom_dataset(IMAGE))
    encapsulated = b"1.2.840.10008.1.2.5\0"
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", encapsulated))
    with pytest.raises(ReadError, match=r"expected encapsulated pixel data .*, got plain"):
        DicomSource(path)


def test_run_length_of_other_segments_is_refused(write) -> None:
    dataset = make_phantom_dataset(np.dstack([IMAGE] * 3), kind=DicomKind.RGB)
    dataset.compress(RLELossless)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    source = DicomSource(write(dataset))
    with pytest.raises(ReadError, match=r"expected 1 segments .*, got 3"):
        source.read(0)


def test_identity(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    keywords = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    expected = {keyword: str(dataset[keyword].value) for keyword in keywords}
    assert DicomSource(write(dataset)).identity == {**expected, "BurnedInAnnotation": "NO"}


def test_identity_that_is_not_valid_is_empty(write) -> None:
    path = write(make_phantom_dataset(IMAGE))
    content = path.read_bytes()
    for uid in (DicomSource(path).identity[f"{name}InstanceUID"] for name in ("Study", "Series")):
        assert content.count(uid.encode()) == 1
        content = content.replace(uid.encode(), b"../SECRET".ljust(len(uid), b"x"))
    path.write_bytes(content.replace(b"CS\x02\x00NO", b"CS\x02\x00??"))
    identity = DicomSource(path).identity
    assert (identity["StudyInstanceUID"], identity["SeriesInstanceUID"]) == ("", "")
    assert identity["BurnedInAnnotation"] == ""
    assert identity["SOPInstanceUID"] != ""


def test_remarks(write) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.1))
    assert DicomSource(write(dataset)).remarks == ()
    dataset.PixelSpacing = [0.3, 0.3]
    dataset.WindowCenter, dataset.WindowWidth = 100, 0
    window, spacing = DicomSource(write(dataset)).remarks
    assert "window" in window
    assert "Pixel Spacing" in spacing


@pytest.mark.parametrize(
    ("keyword", "value", "remark"),
    [
        ("PresentationLUTShape", "LIN OD", "Presentation LUT Shape"),
        ("PixelAspectRatio", [2, 1], "Pixel Aspect Ratio"),
        ("PixelPresentation", "COLOR", "supplemental palette"),
        ("SharedFunctionalGroupsSequence", [Dataset()], "functional groups"),
    ],
)
def test_what_is_not_followed_is_reported(write, keyword: str, value: object, remark: str) -> None:
    dataset = make_phantom_dataset(IMAGE)
    setattr(dataset, keyword, value)
    if keyword == "SharedFunctionalGroupsSequence":
        dataset[keyword][0].FrameVOILUTSequence = [Dataset()]
    (told,) = DicomSource(write(dataset)).remarks
    assert remark in told


@pytest.mark.parametrize("ratio", [[1], [3, 3], [1, 1, 1], None])
def test_aspect_that_is_square_or_damaged_is_nothing(write, ratio: list[int] | None) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PixelAspectRatio = ratio
    assert DicomSource(write(dataset)).remarks == ()


@pytest.mark.parametrize(
    ("photometric", "shape"), [("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")]
)
def test_two_attributes_that_differ_on_what_is_black(write, photometric: str, shape: str) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = photometric, shape
    with pytest.raises(ReadError, match=f"agree with {photometric}, got {shape}"):
        DicomSource(write(dataset))


@pytest.mark.parametrize("aspect", [None, [1, 1], [2, 2], [16, 15]])
def test_video_of_pixels_that_are_not_square_is_remarked(
    write, aspect: list[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Worker:
        def call(self, *_: object) -> tuple[dict[str, object], np.ndarray]:
            return {"pixel_aspect": aspect, "interlaced": False}, IMAGE

    dataset = make_phantom_dataset(IMAGE)
    dataset.file_meta.TransferSyntaxUID = MPEG4HP41
    dataset.PixelData = encapsulate([bytes(64)])
    dataset["PixelData"].is_undefined_length = True
    source = DicomSource(write(dataset))
    monkeypatch.setattr(dicom_source, "shared_codec_worker", Worker)
    source.read(0)
    assert ("not square" in str(source.remarks)) == (aspect == [16, 15])


def test_frames_of_a_cine_share_their_regions(write) -> None:
    picture = np.zeros((300, 400), np.uint8)
    picture[40:240, 60:310] = make_phantom(0, shape=(200, 250), pathology="benign").image
    empty = np.zeros_like(picture)
    source = DicomSource(write(make_phantom_dataset(np.stack([empty, picture, empty]))))
    regions = [source.regions(source.read(index)) for index in (0, 1, 2)]
    found = CalibratedRegion((40, 60, 240, 310), None, RegionOrigin.FOUND)
    assert regions == [[found]] * 3


@pytest.mark.parametrize("lost", [0, 2, 3])
def test_lost_frame_costs_no_other_its_regions(write, lost: int) -> None:
    picture = np.zeros((300, 400), np.uint8)
    picture[40:240, 60:310] = make_phantom(0, shape=(200, 250), pathology="benign").image
    dataset = make_phantom_dataset(np.stack([picture] * 4))
    dataset.compress(JPEGLSLossless)
    path = write(dataset)
    content = path.read_bytes()
    starts = [at for at in range(len(content)) if content.startswith(b"\xff\xd8\xff\xf7", at)]
    path.write_bytes(content[: starts[lost]] + bytes(30) + content[starts[lost] + 30 :])
    source = DicomSource(path)
    found = CalibratedRegion((40, 60, 240, 310), None, RegionOrigin.FOUND)
    for index in {0, 1, 2, 3} - {lost}:
        assert source.regions(source.read(index)) == [found]


def test_file_of_traces_only_is_skipped_when_its_regions_are_asked_for(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    trace = make_region((0, 0, 79, 47), (0.1, 0.1), spatial_format=2, data_type=3)
    dataset.SequenceOfUltrasoundRegions = [trace]
    source = DicomSource(write(dataset))
    with pytest.raises(SkippedError, match="M-mode"):
        source.regions(source.read(0))
