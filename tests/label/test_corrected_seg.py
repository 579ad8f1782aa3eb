"""A correction as DICOM SEG, read back by highdicom and by ourselves."""

import io
from datetime import datetime
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.label import corrected_seg
from pipeline.label.corrected_seg import build_seg, is_correction
from pipeline.label.label_errors import RequestError
from pipeline.label.read_seg import read_seg
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import write_phantom_dicom

MODEL = ModelIdentity("test", "1", "0" * 64)
SHAPE = (47, 67)
"""An odd number of pixels: the second plane begins within a byte."""


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dicom") / "still.dcm"
    write_phantom_dicom(path, make_phantom(0, shape=SHAPE).image, mm_per_pixel=(0.2, 0.1))
    return path


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dicom") / "cine.dcm"
    write_phantom_dicom(
        path, make_phantom_cine(0, frames=5, shape=SHAPE).images, mm_per_pixel=(0.2, 0.1)
    )
    return path


def _draw(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    for top, left, bottom, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


ONE, TWO = _draw((3, 40, 20, 60)), _draw((3, 40, 20, 60), (25, 5, 33, 16))


class _Clock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def _open(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


def test_highdicom_reads_the_mask_of_a_still(still):
    content = build_seg(still, {1: ONE}, MODEL, corrected=True)
    seg = highdicom.seg.segread(io.BytesIO(content))
    assert np.array_equal(seg.pixel_array.reshape(SHAPE) > 0, ONE)
    source = pydicom.dcmread(still)
    assert seg.ReferencedSeriesSequence[0].SeriesInstanceUID == source.SeriesInstanceUID
    assert seg.StudyInstanceUID == source.StudyInstanceUID
    assert str(seg.PatientName) == str(source.PatientName)


def test_correction_says_so(still):
    seg = _open(build_seg(still, {1: TWO}, MODEL, corrected=True))
    assert seg.SeriesDescription == "Image 1, series 1: corrected, research only"
    assert len(seg.ContentDescription) <= 64
    assert "corrected by a person" in seg.ContentDescription
    assert {item.SegmentAlgorithmType for item in seg.SegmentSequence} == {"SEMIAUTOMATIC"}


def test_each_image_has_a_series_of_corrections(still, tmp_path):
    second = tmp_path / "second.dcm"
    image = make_phantom(0, shape=SHAPE).image
    write_phantom_dicom(second, image, mm_per_pixel=(0.2, 0.1), instance_number=2)
    segs = [_open(build_seg(path, {1: ONE}, MODEL, corrected=True)) for path in (still, second)]
    segs += [_open(build_seg(path, {1: ONE}, MODEL)) for path in (still, second)]
    for keyword in ("SeriesInstanceUID", "SeriesNumber", "SeriesDescription"):
        assert len({seg[keyword].value for seg in segs}) == 4


def test_later_correction_has_the_higher_number(still, monkeypatch):
    numbers = []
    for now in (datetime(2026, 1, 1), datetime(2026, 1, 1, 0, 0, 2), datetime(2080, 1, 1)):
        monkeypatch.setattr(corrected_seg, "datetime", _Clock(now))
        seg = _open(build_seg(still, {1: ONE}, MODEL, corrected=True))
        numbers.append(int(seg.InstanceNumber))
    assert numbers == sorted(set(numbers))
    assert numbers[-1] < 2**31


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Image 12, series 3: corrected, research only", True),
        ("Breast lesions, corrected, research only", True),  # of version 0.1
        ("Image 12, series 3: lesions, research only", False),
        ("Breast lesions, research only", False),
        ("", False),
        (None, False),
    ],
)
def test_correction_is_known_by_its_description(description, expected):
    assert is_correction(description) == expected


def test_each_correction_is_a_new_object_of_one_series(still):
    first, second = (_open(build_seg(still, {1: ONE}, MODEL, corrected=True)) for _ in range(2))
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    said = _open(build_seg(still, {1: ONE}, MODEL))
    assert said.SeriesInstanceUID != first.SeriesInstanceUID


def test_prediction_is_what_an_inference_run_writes(still):
    first, second = build_seg(still, {1: ONE}, MODEL), build_seg(still, {1: ONE}, MODEL)
    assert first == second
    assert {item.SegmentAlgorithmType for item in _open(first).SegmentSequence} == {"AUTOMATIC"}


def test_masks_of_a_still_are_read_back(still):
    found = read_seg(_open(build_seg(still, {1: TWO}, MODEL, corrected=True)))
    assert found.sop_instance_uid == pydicom.dcmread(still).SOPInstanceUID
    assert list(found.masks) == [1]
    assert np.array_equal(found.masks[1], TWO)


def test_masks_of_a_cine_are_read_back_frame_by_frame(cine):
    black = np.zeros(SHAPE, bool)
    content = build_seg(cine, {2: ONE, 3: black, 5: TWO}, MODEL, corrected=True)
    found = read_seg(_open(content))
    assert sorted(found.masks) == [2, 5]
    assert np.array_equal(found.masks[2], ONE)
    assert np.array_equal(found.masks[5], TWO)


def test_newer_one_sorts_behind(still):
    first, second = (
        read_seg(_open(build_seg(still, {1: ONE}, MODEL, corrected=True))) for _ in range(2)
    )
    assert first.saved < second.saved


def test_segmentations_of_others_are_left_out(still):
    seg = _open(build_seg(still, {1: ONE}, MODEL))
    assert read_seg(seg) is None
    seg = _open(build_seg(still, {1: ONE}, MODEL, corrected=True))
    seg.Manufacturer = "another"
    assert read_seg(seg) is None


def test_damaged_one_is_reported(still):
    seg = _open(build_seg(still, {1: ONE}, MODEL, corrected=True))
    del seg.PerFrameFunctionalGroupsSequence
    with pytest.raises(ValueError, match="as we write it"):
        read_seg(seg)


def test_mask_without_lesion_is_refused(still):
    with pytest.raises(RequestError, match="cannot say"):
        build_seg(still, {1: np.zeros(SHAPE, bool)}, MODEL)


def test_png_has_no_dicom_seg(tmp_path):
    from label.tiny_bundle import draw_image, draw_mask, write_png

    write_png(tmp_path / "x.png", draw_image())
    with pytest.raises(RequestError, match="expected a DICOM image"):
        build_seg(tmp_path / "x.png", {1: draw_mask()}, MODEL)
