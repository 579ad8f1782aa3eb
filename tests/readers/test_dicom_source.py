"""DICOM files that are no ultrasound, damaged, or lie about their pixels.

Image: the orientation phantom, 48 x 80. The patient is called SECRET^NAME, as no message may tell.
"""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from image_formats import FORMATS
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import HEVCMP51, MPEG4HP41, UID, JPEG2000Lossless, JPEGLSLossless, RLELossless

from pipeline.datasets.phantom import make_orientation_phantom
from pipeline.datasets.phantom_dicom import DicomKind, make_phantom_dataset, make_region
from pipeline.errors import ReadError, SkippedError
from pipeline.readers.dicom_source import DicomSource

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
    with pytest.raises(ReadError, match="all attributes of the pixels"):
        DicomSource(write(dataset))


@pytest.mark.parametrize("frames", [0, -1])
def test_number_of_frames_below_one(write, frames: int) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.NumberOfFrames = frames
    with pytest.raises(ReadError, match=r"expected NumberOfFrames .* of at least 1"):
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
    with pytest.raises(ReadError, match="ends too early"):
        DicomSource(path)


@pytest.mark.parametrize("size", [134, *range(140, 1100, 7)])
def test_file_that_ends_within_the_header_is_no_other_class(write, size: int) -> None:
    path = write(make_phantom_dataset(IMAGE))
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ReadError, match="expected"):
        DicomSource(path)


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
    with pytest.raises(ReadError, match="from its decoder"):
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
def test_video_is_refused_by_name_when_opened(write, uid: UID) -> None:
    dataset = make_phantom_dataset(CINE)
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.PixelData = encapsulate([b"\0\0\0\1", b"\0\0\0\1", b"\0\0\0\1"])
    with pytest.raises(ReadError, match=f"got {uid.name}"):
        DicomSource(write(dataset))


def test_unfit_photometric_interpretation(write) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PhotometricInterpretation = "RGB"
    with pytest.raises(ReadError, match="MONOCHROME1 or MONOCHROME2"):
        read_all(write(dataset))


def test_region_that_misses_a_corner(write) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.1))
    del dataset.SequenceOfUltrasoundRegions[0].RegionLocationMaxX1
    source = DicomSource(write(dataset))
    with pytest.raises(ReadError, match="expected four whole numbers as corners"):
        source.region(48, 80)


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
    for number in range(240):
        content = bytearray(originals[number % 3])
        for position in rng.integers(132, 1400, 4):
            content[position] = rng.integers(256)
        path.write_bytes(content)
        try:
            source = DicomSource(path)
            source.region(48, 80)
            for index in range(min(source.frames, 2)):
                source.read(index)
        except ReadError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert not any("SECRET" in message for message in messages)


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
