"""A study of the tiny bundle, and the server of a module."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from label.label_server import LabelServer, find_port
from label.tiny_bundle import draw_image, write_bundle, write_png
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.phantom.phantom_dicom import write_phantom_dicom


def write_study(folder: Path) -> Path:
    """Write four images of 60 x 90, a DICOM file of that size, and a cine with a region."""
    write_png(folder / "a" / "first.png", draw_image())
    for index in range(3):
        lesion = (slice(10, 30), slice(10 + 15 * index, 35 + 15 * index))
        write_png(folder / f"other_{index}.png", draw_image(lesion=lesion, seed=index))
    write_phantom_dicom(folder / "still.dcm", draw_image(), mm_per_pixel=(0.2, 0.1))
    cine = make_phantom_cine(0, frames=5, shape=(48, 64))
    box = (6, 4, 59, 43)  # from column 6 and row 4 to column 59 and row 43
    write_phantom_dicom(folder / "sweep.dcm", cine.images, mm_per_pixel=(0.1, 0.1), region=box)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `bundle`, `studies` and a `secret.png` beside them."""
    folder = tmp_path_factory.mktemp("label")
    write_bundle(folder / "bundle")
    write_study(folder / "studies")
    write_png(folder / "secret.png", np.full((60, 90), 77, np.uint8))
    (folder / "studies" / "link.png").symlink_to(folder / "secret.png")
    return folder


@pytest.fixture(scope="module")
def server(place: Path) -> Iterator[LabelServer]:
    started = LabelServer(place / "studies", place / "labels", place / "bundle", find_port())
    yield started
    started.close()
