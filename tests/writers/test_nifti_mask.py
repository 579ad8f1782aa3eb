"""Masks as NIfTI; the mask is the orientation phantom's rectangle in 24 x 40."""

import gzip
from pathlib import Path

import nibabel
import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom

from pipeline.readers.nifti_source import NiftiSource
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.result import Result
from pipeline.writers import NiftiMask

MASK = make_orientation_phantom(24, 40)[1]
MM = (0.15, 0.25)
LEFT, RIGHT = (0, 0, 24, 20), (0, 20, 24, 40)


def write(
    output: Path,
    *,
    mm: tuple[tuple[float, float] | None, ...] = (MM,),
    file: str = "a/x.png",
    frame: int | None = None,
    mask: np.ndarray = MASK,
) -> Path:
    boxes = (LEFT, RIGHT) if len(mm) == 2 else ((0, 0, *mask.shape),)
    regions = tuple(
        CalibratedRegion(box, spacing, RegionOrigin.GIVEN)
        for box, spacing in zip(boxes, mm, strict=True)
    )
    image = np.zeros(mask.shape, np.float32)
    NiftiMask(output).write(Result(file, frame, image, mask, (), 0.5, regions))
    (path,) = (output / "nifti").rglob("*.nii.gz")
    return path


def test_nibabel_reads_the_mask(tmp_path: Path) -> None:
    image = nibabel.load(write(tmp_path))
    assert image.shape == (40, 24, 1)
    assert image.get_data_dtype() == np.uint8
    values = np.asarray(image.dataobj)
    assert np.array_equal(values[:, :, 0], MASK.T)
    assert set(np.unique(values)) == {0, 1}


@pytest.mark.parametrize("mm", [MM, None])
def test_own_reader_shows_the_mask_upright(tmp_path: Path, mm: tuple[float, float] | None) -> None:
    source = NiftiSource(write(tmp_path, mm=(mm,)))
    assert (source.frames, source.size) == (1, (24, 40))
    assert np.array_equal(source.read(0) > 0, MASK)


def test_calibration(tmp_path: Path) -> None:
    path = write(tmp_path)
    header = nibabel.load(path).header
    assert header.get_xyzt_units()[0] == "mm"
    assert header.get_zooms()[:2] == pytest.approx((0.25, 0.15))  # across, down
    source = NiftiSource(path)
    (region,) = source.regions(source.read(0))
    assert region.mm_per_pixel == pytest.approx(MM)


@pytest.mark.parametrize("mm", [(None,), (MM, None), (MM, (0.1, 0.3))])
def test_no_unit_without_one_calibration(tmp_path: Path, mm: tuple) -> None:
    path = write(tmp_path, mm=mm)
    header = nibabel.load(path).header
    assert header.get_xyzt_units()[0] == "unknown"
    assert header.get_zooms() == (1, 1, 1)
    source = NiftiSource(path)
    (region,) = source.regions(source.read(0))
    assert region.mm_per_pixel is None


def test_two_images_of_one_calibration_have_it(tmp_path: Path) -> None:
    header = nibabel.load(write(tmp_path, mm=(MM, MM))).header
    assert header.get_zooms()[:2] == pytest.approx((0.25, 0.15))


def test_axes_point_to_left_and_back(tmp_path: Path) -> None:
    assert nibabel.aff2axcodes(nibabel.load(write(tmp_path)).affine)[:2] == ("L", "P")


def test_same_mask_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(tmp_path / "first").read_bytes()
    monkeypatch.setattr(gzip.time, "time", lambda: 1e9)
    assert write(tmp_path / "second").read_bytes() == first


def test_empty_mask(tmp_path: Path) -> None:
    image = nibabel.load(write(tmp_path, mask=np.zeros_like(MASK)))
    assert not np.asarray(image.dataobj).any()


@pytest.mark.parametrize(
    ("file", "frame", "expected"),
    [
        ("a/x.png", None, "a/x.png.nii.gz"),
        ("x.nii.gz", None, "x.nii.gz.nii.gz"),
        ("x.dcm", 3, "x.dcm/0003.nii.gz"),
    ],
)
def test_names(file: str, frame: int | None, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path, file=file, frame=frame)
    assert path == tmp_path / "nifti" / expected
