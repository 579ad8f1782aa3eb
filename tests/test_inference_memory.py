"""The memory that a large image takes; `benchmarks/memory.py` measures the largest."""

from pathlib import Path

import numpy as np
import pytest
from bundle_runs import read_table, run_brightness
from orientation_phantom import make_orientation_phantom
from peak_memory import HAS_PROC, PeakMemory
from PIL import Image

from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.readers.limits import LARGE_IMAGE_PX

MOST_BYTES_A_PIXEL = 10
"""The image, its mask, and an overlay on two layers have five."""


@pytest.mark.skipif(not HAS_PROC, reason="needs /proc")
def test_large_image_takes_few_bytes_a_pixel(tmp_path: Path) -> None:
    small, truth = make_orientation_phantom(80, 100)
    factor = 37  # no multiple of the squares
    image, label = (np.kron(each, np.ones((factor, factor), each.dtype)) for each in (small, truth))
    assert image.size > LARGE_IMAGE_PX
    for folder, picture, step in (("warm", small, 1), ("large", image, factor)):
        (tmp_path / folder).mkdir()
        mm = (0.37 / step, 0.37 / step)
        write_phantom_dicom(tmp_path / folder / "x.dcm", picture, mm_per_pixel=mm)
    run_brightness(tmp_path / "warm", tmp_path / "warm-out")
    with PeakMemory() as peak:
        run_brightness(tmp_path / "large", tmp_path / "out")
    assert peak.bytes < MOST_BYTES_A_PIXEL * image.size
    (row,) = read_table(tmp_path / "out")
    assert row["status"] == "ok"
    mask = np.asarray(Image.open(tmp_path / "out" / "masks" / "x.dcm.png")) > 0
    assert mask.shape == image.shape
    assert 2 * (mask & label).sum() / (mask.sum() + label.sum()) > 0.95
    assert int(row["area_px"]) == mask.sum()
    with Image.open(tmp_path / "out" / "overlays" / "x.dcm.png") as overlay:
        assert overlay.size == (image.shape[1], image.shape[0])
