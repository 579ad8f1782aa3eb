"""dcmqi, by which 3D Slicer opens segmentations, gets the same pixels in the same place."""

import gzip

import numpy as np
import pytest

from conformance.programs import run
from conformance.result_cases import (
    CINE_MASKS,
    MASK,
    MM,
    MODEL,
    SOURCES,
    make_frames,
    save,
)
from pipeline.writers.dicom.segmentation import build_segmentation


def _read_nrrd(path):
    """Read columns, rows, frames as (F, H, W), and the header."""
    head, _, data = path.read_bytes().partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
    assert (fields["type"], fields["encoding"]) == ("short", "gzip")
    shape = [int(side) for side in fields["sizes"].split()][::-1]
    return np.frombuffer(gzip.decompress(data), "<i2").reshape(shape), fields


def _open(folder, source):
    seg = build_segmentation(source, make_frames(source), model=MODEL, mm_per_pixel=MM)
    path = save(seg, folder / "seg.dcm")
    options = ("--outputDirectory", folder, "--prefix", "seg", "--outputType", "nrrd")
    result = run("segimage2itkimage", "--inputDICOM", path, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    return [_read_nrrd(folder / f"seg-{segment}.nrrd") for segment in (1, 2)]


@pytest.mark.parametrize("kind", ["still", "retired", "capture"])
def test_still_has_the_same_pixels(tmp_path, kind):
    (large, fields), (small, _) = _open(tmp_path, SOURCES[kind]())
    assert np.array_equal(large[0] > 0, MASK & (np.arange(25) < 12)[:, None])
    assert np.array_equal(small[0] > 0, MASK & (np.arange(25) >= 12)[:, None])
    assert fields["space"] == "left-posterior-superior"
    assert fields["space origin"] == "(0,0,0)"


def test_spacing_is_the_calibration(tmp_path):
    (_, fields), _ = _open(tmp_path, SOURCES["still"]())
    vectors = [v.strip("()").split(",") for v in fields["space directions"].split()]
    columns, rows, _ = np.array(vectors, float)
    assert columns == pytest.approx([MM[1], 0, 0])
    assert rows == pytest.approx([0, MM[0], 0])


def test_cine_has_the_same_pixels_in_the_same_frames(tmp_path):
    (large, fields), (small, _) = _open(tmp_path, SOURCES["cine"]())
    first = int(float(fields["space origin"].strip("()").split(",")[2])) + 1
    for number in range(first, first + len(large)):
        found = (large[number - first] > 0) | (small[number - first] > 0)
        assert np.array_equal(found, CINE_MASKS.get(number, np.zeros_like(MASK)))
    assert first <= 2
    assert first + len(large) > 8
