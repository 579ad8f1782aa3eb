"""dicom3tools finds no error in results, alone (dciodvfy) and beside their source (dcentvfy)."""

import numpy as np
import pytest

from conformance.programs import find_errors
from conformance.result_cases import (
    MM,
    MODEL,
    PUBLIC,
    SOURCES,
    find_public,
    make_frame,
    make_frames,
    make_still,
    read_header,
    save,
)
from pipeline.writers.dicom.secondary_capture import build_secondary_capture
from pipeline.writers.dicom.segmentation import build_segmentation
from pipeline.writers.dicom.structured_report import build_report


def _write_results(folder, source, frames, *, mm=MM, geometry="nominal"):
    count = int(source.get("NumberOfFrames", 1))
    image = np.zeros((source.Rows, source.Columns, 3), np.uint8)
    frame = count if count > 1 else None
    results = {
        "sr": build_report(source, frames, model=MODEL, number_of_frames=count),
        "sc": build_secondary_capture(source, image, frame=frame, model=MODEL, blanked=True),
    }
    if any(frame.lesions for frame in frames):
        results["seg"] = build_segmentation(
            source, frames, model=MODEL, mm_per_pixel=mm, geometry=geometry
        )
    return [save(dataset, folder / f"{name}.dcm") for name, dataset in results.items()]


@pytest.mark.parametrize("mm", [MM, None], ids=["mm", "no mm"])
@pytest.mark.parametrize("kind", SOURCES)
def test_results_are_valid(tmp_path, kind, mm):
    source = read_header(save(SOURCES[kind](), tmp_path / "source.dcm"))
    paths = _write_results(tmp_path, source, make_frames(source, mm=mm), mm=mm)
    assert [find_errors("dciodvfy", path) for path in paths] == [[], [], []]
    assert find_errors("dcentvfy", tmp_path / "source.dcm", *paths) == []


def test_segmentation_without_geometry_is_valid(tmp_path):
    source = make_still()
    paths = _write_results(tmp_path, source, make_frames(source), geometry="none")
    assert [find_errors("dciodvfy", path) for path in paths] == [[], [], []]


@pytest.mark.parametrize("kind", SOURCES)
def test_report_without_lesion_is_valid(tmp_path, kind):
    paths = _write_results(tmp_path, SOURCES[kind](), [])
    assert [find_errors("dciodvfy", path) for path in paths] == [[], []]


@pytest.mark.parametrize("name", PUBLIC)
def test_results_of_public_files_are_valid(tmp_path, name):
    path = find_public(name)
    if path is None:
        pytest.skip(f"{name} is missing: install pydicom-data to check its results")
    source = read_header(path)
    rows, columns = source.Rows, source.Columns
    mask = np.zeros((rows, columns), bool)
    mask[rows // 4 : rows // 2 + 1, columns // 3 : columns // 2 + 1] = True
    frames = [make_frame(mask, int(source.get("NumberOfFrames", 1)))]
    paths = _write_results(tmp_path, source, frames)
    assert [find_errors("dciodvfy", path) for path in paths] == [[], [], []]
    assert find_errors("dcentvfy", path, *paths) == []
