"""OHIF Viewer 3.13 in Chromium, before Orthanc, shows our results over the images they are of.

It runs where OHIF names the folder `dist` of the npm package `@ohif/app`, as `make conformance`
prepares it. The study has four stills of one series, the second without calibration and the
fourth without lesion, and a cine of eight frames. Screenshots are left in the temporary folder
that pytest names.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from browser.chromium import needs_chromium
from label.orthanc import find_reason_to_skip, own_network

from conformance.ohif_viewer import OhifViewer
from conformance.result_cases import (
    CINE_MASKS,
    EMPTY,
    IMAGE,
    MASK,
    MM,
    MODEL,
    align,
    make_cine,
    make_frame,
    make_frames,
    make_still,
)
from pipeline.writers.dicom.segmentation import build_segmentation
from pipeline.writers.dicom.structured_report import build_report

pytestmark = [
    needs_chromium,
    pytest.mark.enable_socket,
    pytest.mark.skipif(find_reason_to_skip() is not None, reason=str(find_reason_to_skip())),
    pytest.mark.skipif(
        "OHIF" not in os.environ, reason="OHIF is not set: run `make conformance`, which fetches it"
    ),
]

STUDY = "1.2.826.0.1.3680043.10.511.5"
STILLS = {i: np.roll(align(MASK), i, axis=1) for i in (1, 2, 3)} | {4: align(EMPTY)}
UNCALIBRATED = 2
CINE = 9
"""Instance number, as the stills have 1 to 4."""


def _identify(number, series):
    return {
        "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": f"{STUDY}.{series}",
        "SeriesNumber": str(series),
        "SOPInstanceUID": f"{STUDY}.{series}.{number}",
        "InstanceNumber": str(number),
    }


def _make_results(source, frames, mm):
    count = int(source.get("NumberOfFrames", 1))
    report = build_report(source, frames, model=MODEL, number_of_frames=count, segmentation=True)
    if not any(frame.lesions for frame in frames):
        return [report]
    return [build_segmentation(source, frames, model=MODEL, mm_per_pixel=mm), report]


@pytest.fixture(scope="module")
def results():
    objects = []
    for number, mask in STILLS.items():
        mm = None if number == UNCALIBRATED else MM
        still = make_still(align(IMAGE), **_identify(number, 1))
        if mm is None:
            del still.SequenceOfUltrasoundRegions
        objects += [still, *_make_results(still, [make_frame(mask, mm=mm)], mm)]
    cine = make_cine(align(IMAGE), **_identify(CINE, 2))
    return [*objects, cine, *_make_results(cine, make_frames(cine), MM)]


@pytest.fixture(scope="module")
def viewer(tmp_path_factory, results):
    with own_network():
        opened = OhifViewer(Path(os.environ["OHIF"]), tmp_path_factory.mktemp("ohif"))
        try:
            for each in results:
                each.file_meta.MediaStorageSOPInstanceUID = each.SOPInstanceUID
            opened.archive.store(results)
            # Two lists of images, and each segmentation and report.
            opened.listed = opened.open_study(STUDY, 2 + 4 + 5)
            yield opened
        finally:
            opened.close()


@pytest.fixture(autouse=True)
def _shoot(viewer, request, tmp_path):
    yield
    viewer.browser.shoot(tmp_path / f"{request.node.name}.png")


def test_every_result_is_listed_by_the_image_it_is_of(viewer, results):
    listed = {item["instance"]: item for item in viewer.listed if item["modality"] != "US"}
    for result in results:
        if result.Modality != "US":
            item = listed.pop(result.SOPInstanceUID)
            assert item["number"] == result.SeriesNumber
            assert item["description"] == result.SeriesDescription
    assert not listed


@pytest.mark.parametrize("number", [1, UNCALIBRATED, 3])
def test_segmentation_of_each_still_lies_on_its_image(viewer, number):
    found = viewer.open_segmentation(f"Image {number}, series 1: lesion")
    assert len(found) == len(STILLS)
    for (instance, frame), labels in found.items():
        own = instance == f"{STUDY}.1.{number}"
        lower = np.arange(24)[:, None] >= 12
        expected = STILLS[number] * np.where(lower, 2, 1) if own else np.zeros_like(labels)
        assert np.array_equal(labels, expected)
        assert frame == 1


def test_segmentation_of_a_cine_lies_on_its_frames(viewer):
    found = viewer.open_segmentation(f"Image {CINE}, series 2: lesion")
    assert {frame for _, frame in found} == set(range(1, 9))
    for (instance, frame), labels in found.items():
        assert instance == f"{STUDY}.2.{CINE}"
        assert np.array_equal(labels > 0, align(CINE_MASKS.get(frame, EMPTY)))


@pytest.mark.parametrize("number", [1, UNCALIBRATED, 3])
def test_report_of_each_still_measures_its_lesions(viewer, number):
    mm = None if number == UNCALIBRATED else MM
    lesions = make_frame(STILLS[number], mm=mm).lesions
    found = viewer.open_report(f"Image {number}, series 1: report")
    assert len(found) == len(lesions) == 2
    for measurement, lesion in zip(found, lesions, strict=True):
        assert measurement["instance"] == f"{STUDY}.1.{number}"
        assert measurement["shape"] == "POLYLINE"
        assert measurement["texts"]["Certainty of Finding"] == "75.00 %"
        if mm is None:
            assert not any("mm" in text for text in measurement["texts"].values())
        else:
            length = measurement["texts"]["Long Axis"].removesuffix(" mm")
            assert float(length) == round(lesion.long_axis.length_mm, 1)
