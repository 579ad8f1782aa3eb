"""Series of results: viewers open one segmentation and one report of each."""

import numpy as np
import pytest
from conformance.result_cases import MASK, MM, MODEL, OTHER_MODEL, make_cine, make_frame, make_still

from pipeline.writers.dicom.secondary_capture import build_secondary_capture
from pipeline.writers.dicom.segmentation import build_segmentation
from pipeline.writers.dicom.structured_report import build_report

OVERLAY = np.zeros((*MASK.shape, 3), np.uint8)


def _build(source, *, model=MODEL):
    """Build one object of each kind."""
    frames = [make_frame(MASK)]
    count = int(source.get("NumberOfFrames", 1))
    frame = 1 if count > 1 else None
    return [
        build_segmentation(source, frames, model=model, mm_per_pixel=MM),
        build_report(source, frames, model=model, number_of_frames=count),
        build_secondary_capture(source, OVERLAY, frame=frame, model=model, blanked=True),
    ]


def _make_stills(count=4):
    return [
        make_still(SOPInstanceUID=f"1.2.{i}", InstanceNumber=str(i)) for i in range(1, count + 1)
    ]


def test_each_image_of_a_series_has_series_of_its_own():
    series = [result.SeriesInstanceUID for source in _make_stills() for result in _build(source)]
    assert len(set(series)) == len(series) == 12


def test_series_are_reported_apart_by_number_and_description():
    results = [result for source in _make_stills() for result in _build(source)]
    for keyword in ("SeriesNumber", "SeriesDescription"):
        assert len({result[keyword].value for result in results}) == 12


def test_series_is_the_same_in_each_run():
    (one,), (other,) = _make_stills(1), _make_stills(1)
    for first, second in zip(_build(one), _build(other), strict=True):
        assert first.SeriesInstanceUID == second.SeriesInstanceUID


def test_series_of_another_model_is_another():
    for first, second in zip(
        _build(make_still()), _build(make_still(), model=OTHER_MODEL), strict=True
    ):
        assert first.SeriesInstanceUID != second.SeriesInstanceUID


def test_overlays_of_a_cine_are_in_one_series():
    first, second = (
        build_secondary_capture(make_cine(), OVERLAY, frame=frame, model=MODEL, blanked=True)
        for frame in (1, 2)
    )
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


@pytest.mark.parametrize(
    ("series", "image", "number", "name"),
    [
        ("3", "12", 300121, "Image 12, series 3"),
        ("5001", "1", 500100011, "Image 1, series 5001"),
        ("3", "12345", 3123451, "Image 12345, series 3"),
        ("0", "0", 1, "Image 0, series 0"),
        ("-1", "-2", 1, "Image -2, series -1"),
        (None, "7", 71, "Image 7"),
        ("", "7", 71, "Image 7"),
        ("3", None, 300001, "Image *.1.2.345.678"),
        ("900000", "12", 121, "Image 12, series 900000"),
        ("1", "999999999", 1, "Image 999999999, series 1"),
    ],
)
def test_number_and_description_name_the_image(series, image, number, name):
    source = make_still(SeriesNumber=series, InstanceNumber=image, SOPInstanceUID="1.1.2.345.678")
    descriptions = ["lesions", "report", "overlay"]
    for kind, result in enumerate(_build(source)):
        assert result.SeriesNumber == number + kind
        assert result.SeriesDescription == f"{name}: {descriptions[kind]}, research only"
        assert len(result.SeriesDescription) <= 64
