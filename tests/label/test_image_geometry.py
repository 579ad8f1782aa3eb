"""Where viewers put an image: expected is what SimpleITK 2.5.7 (ITK 5.4) prints of each file.

Images are 24 x 40. Of DICOM, calibration is 0.1 mm between rows and 0.2 mm between columns, which
ITK does not read.
"""

import nibabel
import numpy as np
import pydicom
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pipeline.label.image_geometry import lies_flat, read_geometry
from pipeline.label.mask_file import decode_mask, encode_mask
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers.open_image import open_image

IMAGE = make_orientation_phantom(24, 40)[0]
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def _make(across, down, origin=(0, 0, 0)):
    affine = np.diag([across, down, 1.0, 1.0])
    affine[:3, 3] = origin
    return affine


def _read_jpeg(folder, unit):
    path = folder / "x.jpg"
    Image.fromarray(IMAGE).save(path, dpi=(72, 72))
    content = bytearray(path.read_bytes())
    density = content.index(b"JFIF\0") + 7
    content[density : density + 5] = bytes([unit, 0, 100, 0, 50])
    path.write_bytes(content)
    return read_geometry(path)


def _read_tiff(folder, unit):
    tags = ImageFileDirectory_v2()
    tags[282], tags[283] = 100.0, 50.0
    if unit is not None:
        tags[296] = unit
    Image.fromarray(IMAGE).save(folder / "x.tif", tiffinfo=tags)
    return read_geometry(folder / "x.tif")


def _read_dicom(folder, **attributes):
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.2))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    pydicom.dcmwrite(folder / "x.dcm", dataset, enforce_file_format=True)
    return read_geometry(folder / "x.dcm")


@pytest.mark.parametrize("suffix", ["png", "bmp", "jpg", "tif"])
def test_picture_without_density_has_pixels_of_1(tmp_path, suffix):
    Image.fromarray(IMAGE).save(tmp_path / f"x.{suffix}")
    assert np.array_equal(read_geometry(tmp_path / f"x.{suffix}"), np.eye(4))


@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_density_of_png_and_bmp_is_not_looked_at(tmp_path, suffix):
    Image.fromarray(IMAGE).save(tmp_path / f"x.{suffix}", dpi=(254, 127))
    assert np.array_equal(read_geometry(tmp_path / f"x.{suffix}"), np.eye(4))


@pytest.mark.parametrize(
    ("unit", "across", "down"), [(0, 1, 1), (1, 0.254, 0.508), (2, 0.1, 0.2), (9, 1, 1)]
)
def test_density_of_jpeg(tmp_path, unit, across, down):
    assert np.allclose(_read_jpeg(tmp_path, unit), _make(across, down))


@pytest.mark.parametrize(
    ("unit", "across", "down"), [(None, 1, 1), (1, 1, 1), (2, 0.254, 0.508), (3, 0.1, 0.2)]
)
def test_resolution_of_tiff(tmp_path, unit, across, down):
    assert np.allclose(_read_tiff(tmp_path, unit), _make(across, down))


@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
def test_picture_that_viewers_turn_otherwise_has_no_place(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(IMAGE).save(tmp_path / f"x.{suffix}", exif=exif)
    assert read_geometry(tmp_path / f"x.{suffix}") is None


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, _make(1, 1)),
        ({"PixelSpacing": ["0.3", "0.4"]}, _make(0.4, 0.3)),
        ({"ImagerPixelSpacing": ["0.3", "0.4"]}, _make(1, 1)),
        ({"SOPClassUID": CAPTURE, "PixelSpacing": ["0.3", "0.4"]}, _make(0.4, 0.3)),
        ({"SOPClassUID": CAPTURE, "NominalScannedPixelSpacing": ["0.3", "0.4"]}, _make(0.4, 0.3)),
        ({"SOPClassUID": CAPTURE, "ImagerPixelSpacing": ["0.3", "0.4"]}, _make(1, 1)),
        ({"PixelSpacing": ["0.3", "0.4"], "SliceThickness": "5"}, _make(0.4, 0.3)),
    ],
)
def test_spacing_of_dicom(tmp_path, attributes, expected):
    assert np.allclose(_read_dicom(tmp_path, **attributes), expected)


def test_place_of_dicom(tmp_path):
    found = _read_dicom(
        tmp_path,
        PixelSpacing=["0.3", "0.4"],
        ImagePositionPatient=["1", "2", "3"],
        ImageOrientationPatient=["1", "0", "0", "0", "0", "-1"],
    )
    direction = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    assert np.allclose(found[:3, :3], direction * (0.4, 0.3, 1))
    assert np.allclose(found[:3, 3], (1, 2, 3))


@pytest.mark.parametrize(
    "affine",
    [
        np.diag([-0.2, -0.1, 1.0, 1.0]),
        np.diag([0.2, 0.1, 3.0, 1.0]),
        np.diag([-0.2, 0.1, 1.0, 1.0]),
        np.array([[0, 0.1, 0, 5], [0.2, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1.0]]),
        np.array([[0.2, 0, 0, 0], [0, 0.1, 0, -2.3], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
    ],
    ids=["LP", "RA", "LA", "AR", "dcm2niix"],
)
def test_pixel_of_nifti_lies_where_its_voxel_does(tmp_path, affine):
    nibabel.save(nibabel.Nifti1Image(IMAGE.T[..., None], affine), tmp_path / "x.nii")
    shown = open_image(tmp_path / "x.nii").read(0)
    found = read_geometry(tmp_path / "x.nii")
    # The orientation phantom has no two corners alike; find each pixel of the picture in the file.
    for row, column in [(0, 0), (shown.shape[0] - 1, 3), (5, shown.shape[1] - 1)]:
        ras = np.diag([-1, -1, 1, 1]) @ found @ (column, row, 0, 1)
        i, j, k, _ = np.rint(np.linalg.solve(affine, ras)).astype(int)
        assert k == 0
        assert IMAGE.T[i, j] == shown[row, column]


@pytest.mark.parametrize(
    ("diagonal", "expected"),
    [((0.2, 0.1), True), ((-0.2, 0.1), False), ((0.2, -0.1), False), ((-0.2, -0.1), False)],
)
def test_what_runs_to_the_left_and_back_lies_flat(diagonal, expected):
    assert lies_flat(_make(*diagonal)) is expected
    turned = _make(*diagonal)[[1, 0, 2, 3]]
    assert not lies_flat(turned)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii", ".nii.gz"])
@pytest.mark.parametrize("affine", [np.eye(4), _make(0.4, 0.3, (1, 2, 3))])
def test_mask_that_lies_flat_is_taken_back(suffix, affine):
    assert lies_flat(affine)
    mask = np.pad(np.ones((9, 12), bool), ((3, 12), (20, 8)))
    assert np.array_equal(decode_mask(encode_mask(mask, suffix, affine=affine), mask.shape), mask)


def test_nifti_without_orientation_lies_to_the_left_and_back(tmp_path):
    image = nibabel.Nifti1Image(IMAGE.T[..., None], None)
    image.header.set_zooms((0.2, 0.1, 1))
    nibabel.save(image, tmp_path / "x.nii")
    assert np.allclose(read_geometry(tmp_path / "x.nii"), _make(0.2, 0.1))
