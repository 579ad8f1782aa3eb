"""Real files, pixel by pixel against dcmtk, GDCM, and FFmpeg or imagecodecs.

The files are those of pydicom's own tests and of `pydicom-data` that are ultrasound or secondary
captures, found in their folders and never by name, as pydicom would download what is missing; and,
marked `acceptance`, those of `dicom_us/`. A command line tool that is not installed is a skipped
test that says so; the decoder in Python is always there, so no file goes without a comparison.

Of YBR the luma of what RGB can show of it is compared; every pixel has to agree.
"""

import os
import warnings
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
import pytest
from independent import DECODERS, Decoder, NotDecodedError
from orientation_phantom import make_orientation_phantom
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from pipeline.errors import ReadError
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers import UltrasoundReader
from pipeline.readers.dicom.dicom_classes import ULTRASOUND_CLASSES

# pydicom's files are odd on purpose, and it warns of what is.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom.*")

TOLERANCE = 2
"""Grey levels of 255: decoders round, and interpolate chroma, each in its own way."""

NOT_COMPARED = {
    ("dcmtk", "gdcm-US-ALOKA-16.dcm"): "palette in segments",
    ("dcmtk", "gdcm-US-ALOKA-16_big.dcm"): "palette in segments",
    ("dcmtk", "SC_rgb_jpeg.dcm"): "takes its pixel data for damaged",
    ("dcmtk", "fo-dicom__DIRW0007.dcm"): "item that misses its end",
    ("dcmtk", "fo-dicom__GH364.dcm"): "tag out of place",
    ("dcmtk", "dicomParser__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm"): (
        "frames in several fragments, without a table of offsets"
    ),
    ("gdcm", "SC_rgb_rle_16bit.dcm"): "mixes up the bytes of RLE of 16 bits",
    ("gdcm", "SC_rgb_rle_16bit_2frame.dcm"): "two frames of a class for one",
    ("gdcm", "SC_rgb_16bit_2frame.dcm"): "two frames of a class for one",
    ("gdcm", "SC_rgb_expb_16bit_2frame.dcm"): "two frames of a class for one",
    ("gdcm", "fo-dicom__DIRW0007.dcm"): "item that misses its end",
    ("gdcm", "fo-dicom__GH364.dcm"): "tag out of place",
}
"""What a tool cannot read, or reads wrongly; the decoder in Python is compared on every file."""

REFUSED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "made to be damaged",
    **{
        f"SC_rgb{syntax}_32bit{frames}.dcm": "colour of 32 bits"
        for syntax in ("", "_expb", "_rle")
        for frames in ("", "_2frame")
    },
}
"""Files that the reader refuses, and why."""


def find_files(folder: Path) -> dict[Path, pydicom.Dataset]:
    """Find ultrasound and secondary captures below a folder, with their headers."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:  # whatever pydicom thinks of a file that is none
            continue
        if header.get("SOPClassUID") in ULTRASOUND_CLASSES:
            found[path] = header
    return found


def _collect() -> tuple[dict[Path, pydicom.Dataset], dict[Path, pydicom.Dataset]]:
    folders = [
        Path(pydicom.__file__).parent / "data" / "test_files",
        Path(data_store.__file__).parent / "data",
    ]
    data = os.environ.get("BREAST_US_DATA")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bundled = {
            path: header for folder in folders for path, header in find_files(folder).items()
        }
        return bundled, find_files(Path(data) / "dicom_us") if data else {}


BUNDLED, REAL = _collect()
FILES = {**{path: header for path, header in BUNDLED.items() if path.name not in REFUSED}, **REAL}


def _mark(path: Path, *others: Decoder) -> Any:
    marks = [pytest.mark.acceptance] if path in REAL else []
    return pytest.param(
        path, *others, id="-".join([path.name, *(o.name for o in others)]), marks=marks
    )


PAIRS = [
    _mark(path, decoder)
    for path, header in FILES.items()
    for decoder in DECODERS
    if header.file_meta.TransferSyntaxUID in decoder.syntaxes
]
ULTRASOUND = [
    _mark(path)
    for path, header in FILES.items()
    if ULTRASOUND_CLASSES[header.SOPClassUID].startswith("Ultrasound")
]


@pytest.fixture(autouse=True)
def any_modality(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the files of other modalities too: how pixels are read does not depend on it."""
    monkeypatch.setattr("pipeline.readers.dicom.dicom_classes.OTHER_MODALITIES", frozenset())


def read(path: Path, index: int) -> np.ndarray:
    reader = UltrasoundReader()
    array, _ = reader.get_data(reader.read(f"{path}#frame={index + 1}"))
    return array[0]


def choose_frames(path: Path) -> list[int]:
    """First, middle and last."""
    count = int(FILES[path].get("NumberOfFrames") or 1)
    return sorted({0, count // 2, count - 1})


@pytest.mark.parametrize(("path", "decoder"), PAIRS)
def test_grey_values_are_those_of_another_decoder(path: Path, decoder: Decoder) -> None:
    if missing := decoder.missing():
        pytest.skip(f"{' and '.join(missing)} missing: apt-get install {decoder.package}")
    if reason := NOT_COMPARED.get((decoder.name, path.name)):
        pytest.skip(f"{decoder.name} cannot tell: {reason}")
    for index in choose_frames(path):
        expected = decoder.decode(path, index)
        grey = read(path, index)
        assert grey.dtype == np.float32
        assert grey.shape == expected.shape
        difference = np.abs(grey - expected)
        beyond = (difference > TOLERANCE).mean()
        assert beyond == 0, (
            f"frame {index + 1}: {beyond:.3%} of the pixels differ from {decoder.name} by more "
            f"than {TOLERANCE} grey levels, at most by {difference.max():.0f}"
        )


@pytest.mark.parametrize("path", ULTRASOUND)
def test_comparison_would_see_a_wrong_orientation_or_polarity(path: Path) -> None:
    expected, grey = DECODERS[-1].decode(path, 0), read(path, 0)
    for wrong in (np.fliplr(grey), np.flipud(grey), 255 - grey):
        assert (np.abs(wrong - expected) > TOLERANCE).mean() > 0.02


def test_every_file_is_compared_without_any_tool() -> None:
    python = DECODERS[-1]
    assert python.tools == ()
    assert {header.file_meta.TransferSyntaxUID for header in FILES.values()} <= python.syntaxes
    assert not any(name == python.name for name, _ in NOT_COMPARED)


def test_files_are_found() -> None:
    assert len(BUNDLED) >= 75
    assert {path.name for path in BUNDLED} >= set(REFUSED)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    (path,) = (path for path in BUNDLED if path.name == name)
    with pytest.raises(ReadError, match="expected"):
        read(path, 0)


def test_a_decoder_that_fails_says_so(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(make_orientation_phantom()[0])
    dataset.compress(JPEG2000Lossless)
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51no stream"])
    dataset.save_as(tmp_path / "no.dcm", enforce_file_format=True)
    with pytest.raises(NotDecodedError):
        DECODERS[-1].decode(tmp_path / "no.dcm", 0)
