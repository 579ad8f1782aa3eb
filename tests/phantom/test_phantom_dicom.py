"""Synthetic DICOM files: the same pixels come back, and a validator accepts them.

Frames: an orientation phantom, 12 x 20 or larger, 8 bit; RGB has different channels.
"""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from orientation_phantom import make_orientation_phantom
from pydicom.pixels import apply_color_lut, pixel_array

from pipeline.errors import WriteError
from pipeline.phantom.phantom_dicom import (
    DicomKind,
    make_phantom_dataset,
    make_region,
    write_phantom_dicom,
)

GREY, _ = make_orientation_phantom(24, 40)
CINE = np.stack([GREY, GREY[::-1], GREY[:, ::-1]])
RGB = np.stack([GREY, GREY // 2, 255 - GREY], axis=-1)
COLOR_KINDS = [kind for kind in DicomKind if kind.is_color]
GREY_KINDS = [kind for kind in DicomKind if not kind.is_color]
EXACT_COLOR_KINDS = [DicomKind.RGB, DicomKind.RGB_PLANAR]
VALID_KINDS = [
    DicomKind.MONOCHROME2,
    DicomKind.RGB,
    DicomKind.RGB_PLANAR,
    DicomKind.YBR_FULL_422_JPEG,
    DicomKind.PALETTE_16,
]


def _read_grey(path):
    """Read a file as displayed grey values, as each kind demands."""
    dataset = pydicom.dcmread(path)
    pixels = pixel_array(path)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        pixels = 255 - pixels
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
        if pixels.dtype == np.uint16:
            pixels = (pixels >> 8).astype(np.uint8)
    return pixels


class TestPixels:
    @pytest.mark.parametrize("frames", [GREY, CINE], ids=["still", "cine"])
    @pytest.mark.parametrize("kind", DicomKind)
    def test_grey_frames_come_back(self, tmp_path, kind, frames):
        write_phantom_dicom(tmp_path / "a.dcm", frames, kind=kind)
        pixels = _read_grey(tmp_path / "a.dcm")
        tolerance = 12 if kind is DicomKind.YBR_FULL_422_JPEG else 0
        if pixels.ndim > frames.ndim:
            frames = frames[..., None]
        assert pixels.shape[:2] == frames.shape[:2]
        assert np.abs(pixels.astype(int) - frames).max() <= tolerance

    @pytest.mark.parametrize("kind", EXACT_COLOR_KINDS)
    def test_rgb_frames_come_back(self, tmp_path, kind):
        write_phantom_dicom(tmp_path / "a.dcm", RGB, kind=kind)
        assert np.array_equal(pixel_array(tmp_path / "a.dcm"), RGB)

    def test_ybr_is_a_rounding_away_from_rgb(self, tmp_path):
        write_phantom_dicom(tmp_path / "a.dcm", RGB, kind=DicomKind.YBR_FULL)
        assert np.abs(pixel_array(tmp_path / "a.dcm").astype(int) - RGB).max() <= 2

    @pytest.mark.parametrize("kind", [DicomKind.YBR_FULL_422, DicomKind.YBR_FULL_422_JPEG])
    def test_subsampled_colour_is_right_where_it_is_even(self, tmp_path, kind):
        frame = np.broadcast_to(np.array([200, 60, 20], dtype=np.uint8), (16, 24, 3))
        write_phantom_dicom(tmp_path / "a.dcm", frame, kind=kind)
        assert np.abs(pixel_array(tmp_path / "a.dcm").astype(int) - frame).max() <= 4

    @pytest.mark.parametrize("kind", [DicomKind.PALETTE_8, DicomKind.PALETTE_16])
    def test_palette_indices_are_not_the_grey_values(self, tmp_path, kind):
        write_phantom_dicom(tmp_path / "a.dcm", GREY, kind=kind)
        assert np.array_equal(pixel_array(tmp_path / "a.dcm"), 255 - GREY)

    def test_odd_number_of_bytes_is_padded(self, tmp_path):
        frame = make_orientation_phantom(13, 15)[0]
        write_phantom_dicom(tmp_path / "a.dcm", frame)
        assert np.array_equal(pixel_array(tmp_path / "a.dcm"), frame)

    @pytest.mark.parametrize("kind", GREY_KINDS)
    def test_rgb_frames_are_refused_by_kinds_without_colour(self, kind):
        with pytest.raises(ValueError, match="grey frames"):
            make_phantom_dataset(RGB, kind=kind)

    def test_odd_columns_are_refused_by_native_422(self):
        with pytest.raises(ValueError, match="even number of columns"):
            make_phantom_dataset(GREY[:, 1:], kind=DicomKind.YBR_FULL_422)

    @pytest.mark.parametrize(
        "frames", [GREY.astype(float), GREY[0], CINE[None, None], np.zeros((0, 4, 4), np.uint8)]
    )
    def test_other_dtypes_and_shapes_are_refused(self, frames):
        with pytest.raises(ValueError, match="expected uint8 frames"):
            make_phantom_dataset(frames)


class TestAttributes:
    def test_region_is_written_in_cm_in_the_order_of_its_axes(self):
        dataset = make_phantom_dataset(GREY, mm_per_pixel=(0.1, 0.25), region=(3, 2, 30, 20))
        (item,) = dataset.SequenceOfUltrasoundRegions
        assert (item.PhysicalDeltaY, item.PhysicalDeltaX) == pytest.approx((0.01, 0.025))
        assert (item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection) == (3, 3)
        assert (item.RegionSpatialFormat, item.RegionDataType) == (1, 1)
        assert (item.RegionLocationMinX0, item.RegionLocationMinY0) == (3, 2)
        assert (item.RegionLocationMaxX1, item.RegionLocationMaxY1) == (30, 20)

    def test_region_is_the_whole_image_by_default(self):
        (item,) = make_phantom_dataset(GREY, mm_per_pixel=(1, 1)).SequenceOfUltrasoundRegions
        assert (item.RegionLocationMaxX1, item.RegionLocationMaxY1) == (39, 23)

    def test_no_calibration_means_no_region(self):
        assert "SequenceOfUltrasoundRegions" not in make_phantom_dataset(GREY)

    def test_region_without_calibration_is_refused(self):
        with pytest.raises(ValueError, match="mm_per_pixel with region"):
            make_phantom_dataset(GREY, region=(0, 0, 5, 5))

    def test_spacing_that_is_not_positive_is_refused(self):
        with pytest.raises(ValueError, match="positive"):
            make_region((0, 0, 5, 5), (0.1, 0.0))

    @pytest.mark.parametrize("frames", [CINE, CINE[:1]], ids=["3 frames", "1 frame"])
    def test_cine_tells_its_frames_and_time(self, frames):
        dataset = make_phantom_dataset(frames, frame_time_ms=50.0)
        assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.3.1"
        assert dataset.NumberOfFrames == len(frames)
        assert dataset[dataset.FrameIncrementPointer].value == 50.0

    def test_still_is_of_the_single_frame_class(self):
        dataset = make_phantom_dataset(RGB, kind=DicomKind.RGB)
        assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.6.1"
        assert "NumberOfFrames" not in dataset

    def test_patient_is_plainly_synthetic(self):
        assert make_phantom_dataset(GREY).PatientName == "PHANTOM^ONE"

    def test_uids_follow_from_the_seed_and_the_pixels(self):
        one, same, other_pixels, other_seed = (
            make_phantom_dataset(frames, seed=seed)
            for frames, seed in ((GREY, 1), (GREY, 1), (GREY[::-1], 1), (GREY, 2))
        )
        assert one.SOPInstanceUID == same.SOPInstanceUID != other_pixels.SOPInstanceUID
        assert one.SeriesInstanceUID == other_pixels.SeriesInstanceUID
        assert one.StudyInstanceUID != other_seed.StudyInstanceUID

    def test_same_arguments_give_the_same_bytes(self, tmp_path):
        for name in ("a.dcm", "b.dcm"):
            write_phantom_dicom(tmp_path / name, CINE, mm_per_pixel=(0.1, 0.1), seed=3)
        assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()

    def test_nothing_is_left_where_nothing_can_be_written(self, tmp_path):
        (tmp_path / "a.dcm").mkdir()
        with pytest.raises(WriteError, match=r"a\.dcm"):
            write_phantom_dicom(tmp_path / "a.dcm", GREY)
        assert [path.name for path in tmp_path.iterdir()] == ["a.dcm"]


class TestValidator:
    @pytest.mark.parametrize("frames", [GREY, CINE], ids=["still", "cine"])
    @pytest.mark.parametrize("kind", VALID_KINDS)
    def test_dciodvfy_finds_no_error(self, tmp_path, kind, frames):
        program = shutil.which("dciodvfy")
        if program is None:
            pytest.skip("dciodvfy is missing: install dicom3tools to check the files with it")
        write_phantom_dicom(tmp_path / "a.dcm", frames, kind=kind, mm_per_pixel=(0.1, 0.2))
        result = subprocess.run(
            [program, str(tmp_path / "a.dcm")], capture_output=True, text=True, check=False
        )
        assert "Error" not in result.stderr
        assert result.returncode == 0
