"""Colour is found whatever the format it comes in, at its place, and its luma stays the picture."""

from pathlib import Path

import numpy as np
import pytest
from coloured_files import DRAWN, EXACT, GREY, LOSSY, RGB, write_dicom
from coloured_images import with_margin
from numpy.typing import NDArray
from pydicom import dcmread

from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset
from pipeline.readers.array_source import ArraySource
from pipeline.readers.image_source import Picture, rgb_to_grey
from pipeline.readers.open_image import open_image

EXPECTED = with_margin(DRAWN)


def read(path: Path) -> Picture:
    return open_image(path).read_picture(0)


@pytest.mark.parametrize("name", EXACT)
def test_colour_is_found(name: str, tmp_path: Path) -> None:
    EXACT[name](tmp_path / "image")
    picture = read(tmp_path / "image")
    assert np.array_equal(picture.coloured, EXPECTED)
    assert np.abs(picture.grey - rgb_to_grey(RGB)).max() <= 1


@pytest.mark.parametrize("name", LOSSY)
def test_colour_is_found_in_jpeg(name: str, tmp_path: Path) -> None:
    LOSSY[name](tmp_path / "image")
    coloured = read(tmp_path / "image").coloured
    assert coloured is not None
    blobs = np.zeros_like(DRAWN)
    blobs[44:57, 54:67] = DRAWN[44:57, 54:67]
    assert coloured[blobs].all()
    assert not (coloured & ~with_margin(DRAWN, 10)).any()  # JPEG mixes colours in squares of 16 px


def test_colour_of_an_array_is_found() -> None:
    assert np.array_equal(ArraySource(RGB).read_picture(0).coloured, EXPECTED)
    assert ArraySource(GREY).read_picture(0).coloured is None


def test_frames_of_a_cine_have_their_own(tmp_path: Path) -> None:
    grey = np.repeat(GREY[..., None], 3, axis=2)
    frames = np.stack((grey, RGB, grey))
    write_dicom(tmp_path / "cine.dcm", make_phantom_dataset(frames, kind=DicomKind.RGB))
    assert dcmread(tmp_path / "cine.dcm").NumberOfFrames == 3
    source = open_image(tmp_path / "cine.dcm")
    found = [source.read_picture(index).coloured for index in range(3)]
    assert found[0] is None
    assert np.array_equal(found[1], EXPECTED)
    assert found[2] is None


@pytest.mark.parametrize("kind", [DicomKind.MONOCHROME2, DicomKind.RGB, DicomKind.PALETTE_16])
def test_grey_files_have_no_colour(kind: DicomKind, tmp_path: Path) -> None:
    pixels: NDArray[np.uint8] = np.dstack([GREY] * 3) if kind.is_color else GREY
    write_dicom(tmp_path / "grey.dcm", make_phantom_dataset(pixels, kind=kind))
    assert read(tmp_path / "grey.dcm").coloured is None
