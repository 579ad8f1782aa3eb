"""Every format gives the same array: one channel, rows from the top, 0 to 255.

Image: the orientation phantom, 48 x 80, which no mirroring or transposition leaves unchanged.
"""

from pathlib import Path

import numpy as np
import pytest
from image_formats import FORMATS, expected_grey
from monai.data import MetaTensor
from monai.transforms import LoadImage
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.errors import ReadError, SkippedError
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_dicom import (
    DicomKind,
    make_phantom_dataset,
    make_region,
    write_phantom_dicom,
)
from pipeline.readers import UltrasoundReader
from pipeline.readers.dicom import dicom_header
from pipeline.readers.image_source import IDENTITY_KEYWORDS

IMAGE, _ = make_orientation_phantom(48, 80)


def read(path: Path | str) -> tuple[np.ndarray, dict]:
    reader = UltrasoundReader()
    return reader.get_data(reader.read(path))


def write_tiff_pages(path: Path, pages: list[np.ndarray]) -> None:
    first, *others = (Image.fromarray(page) for page in pages)
    first.save(path, "TIFF", save_all=True, append_images=others)


@pytest.mark.parametrize("name", FORMATS)
def test_pixels_are_those_of_the_phantom(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{FORMATS[name].suffix}"
    FORMATS[name].write(path, IMAGE)
    array, _ = read(path)
    assert array.shape == (1, 48, 80)
    difference = np.abs(array[0] - expected_grey(name, IMAGE))
    assert difference.max() <= FORMATS[name].tolerance


@pytest.mark.parametrize("name", ["png-1", "png-16", "jpeg-L", "dicom-RGB", "dicom-signed"])
def test_array_is_float32(name: str, tmp_path: Path) -> None:
    FORMATS[name].write(tmp_path / "image", IMAGE)
    array, _ = read(tmp_path / "image")
    assert array.dtype == np.float32


def test_12_bits_of_16_are_scaled_to_8(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    values = np.rint(IMAGE / 255 * 4095).astype("<u2")
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    array, _ = read(tmp_path / "image.dcm")
    assert np.allclose(array[0], values / 4095 * 255, atol=1e-3)


def test_colour_becomes_luma(tmp_path: Path) -> None:
    rgb = np.stack([IMAGE, IMAGE // 2, 255 - IMAGE], axis=-1)
    Image.fromarray(rgb).save(tmp_path / "image.png")
    array, _ = read(tmp_path / "image.png")
    assert np.abs(array[0] - rgb @ [0.299, 0.587, 0.114]).max() < 0.51


def test_dicom_colour_is_that_of_a_png(tmp_path: Path) -> None:
    rgb = np.stack([IMAGE, IMAGE // 2, 255 - IMAGE], axis=-1)
    Image.fromarray(rgb).save(tmp_path / "image.png")
    write_phantom_dicom(tmp_path / "image.dcm", rgb, kind=DicomKind.RGB_PLANAR)
    assert np.array_equal(read(tmp_path / "image.dcm")[0], read(tmp_path / "image.png")[0])


def test_suffix_does_not_count(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "scan.dcm", "PNG")
    array, _ = read(tmp_path / "scan.dcm")
    assert np.array_equal(array[0], IMAGE)


@pytest.mark.parametrize("frame", [1, 2, 3])
def test_page_of_a_tiff(frame: int, tmp_path: Path) -> None:
    pages = [IMAGE, IMAGE[:, ::-1], IMAGE[::-1]]
    write_tiff_pages(tmp_path / "pages.tif", pages)
    array, meta = read(f"{tmp_path / 'pages.tif'}#frame={frame}")
    assert np.array_equal(array[0], pages[frame - 1])
    assert meta["frame"] == frame


def test_tiff_pages_may_differ_in_size(tmp_path: Path) -> None:
    write_tiff_pages(tmp_path / "pages.tif", [IMAGE, IMAGE[:20, :30]])
    array, _ = read(f"{tmp_path / 'pages.tif'}#frame=2")
    assert np.array_equal(array[0], IMAGE[:20, :30])


@pytest.mark.parametrize("frame", [1, 2, 3])
def test_frame_of_a_cine(frame: int, tmp_path: Path) -> None:
    cine = np.stack([IMAGE, IMAGE[:, ::-1], IMAGE[::-1]])
    write_phantom_dicom(tmp_path / "cine.dcm", cine)
    array, meta = read(f"{tmp_path / 'cine.dcm'}#frame={frame}")
    assert np.array_equal(array[0], cine[frame - 1])
    assert meta["frame"] == frame


def test_frames_decide_and_not_the_class(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(np.stack([IMAGE, IMAGE[::-1]]))
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"  # the class of stills
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    assert UltrasoundReader().open(tmp_path / "image.dcm").frames == 2


@pytest.mark.parametrize("frame", [0, 4])
@pytest.mark.parametrize("suffix", [".dcm", ".tif"])
def test_frame_that_does_not_exist(suffix: str, frame: int, tmp_path: Path) -> None:
    path = tmp_path / f"frames{suffix}"
    if suffix == ".dcm":
        write_phantom_dicom(path, np.stack([IMAGE] * 3))
    else:
        write_tiff_pages(path, [IMAGE] * 3)
    with pytest.raises(ReadError, match=f"expected a frame from 1 to 3, got {frame}"):
        read(f"{path}#frame={frame}")


def test_cine_without_a_frame_is_refused(tmp_path: Path) -> None:
    write_phantom_dicom(tmp_path / "cine.dcm", np.stack([IMAGE] * 3))
    with pytest.raises(ReadError, match="expected one frame, got a file of 3"):
        read(tmp_path / "cine.dcm")


def test_metadata_of_a_still(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "image.png")
    _, meta = read(tmp_path / "image.png")
    assert meta["spatial_shape"].tolist() == [48, 80]
    assert meta["region"].tolist() == [0, 0, 48, 80]
    assert np.array_equal(meta["affine"], np.eye(4))
    assert meta["frame"] == 0


def test_region_of_a_dicom_file(tmp_path: Path) -> None:
    region = (20, 5, 69, 40)
    write_phantom_dicom(tmp_path / "image.dcm", IMAGE, mm_per_pixel=(0.1, 0.1), region=region)
    _, meta = read(tmp_path / "image.dcm")
    assert meta["region"].tolist() == [5, 20, 41, 70]


def test_load_image_gives_rows_first(tmp_path: Path) -> None:
    write_phantom_dicom(tmp_path / "image.dcm", IMAGE)
    image = LoadImage(reader=UltrasoundReader(), image_only=True, ensure_channel_first=True)(
        tmp_path / "image.dcm"
    )
    assert isinstance(image, MetaTensor)
    assert np.array_equal(image[0].numpy(), IMAGE)


def test_load_image_does_not_fall_back_to_another_reader(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_text("no image at all, yet named like one")
    load = LoadImage(reader=UltrasoundReader(), image_only=True)
    with pytest.raises(Exception, match="not an image") as caught:
        load(tmp_path / "image.png")
    assert isinstance(caught.value.__cause__ or caught.value, SkippedError)


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    reader = UltrasoundReader()
    path = tmp_path / "image.dcm"
    write_phantom_dicom(path, IMAGE)
    reader.get_data(reader.read(path))
    write_phantom_dicom(path, IMAGE[:40, ::-1])
    array, _ = reader.get_data(reader.read(path))
    assert np.array_equal(array[0], IMAGE[:40, ::-1])


def test_header_of_a_cine_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_phantom_dicom(tmp_path / "cine.dcm", np.stack([IMAGE] * 3))
    parsed = []
    read_partial = dicom_header.read_partial

    def spy(*args, **options):
        parsed.append(args)
        return read_partial(*args, **options)

    monkeypatch.setattr(dicom_header, "read_partial", spy)
    reader = UltrasoundReader()
    for frame in (1, 2, 3):
        reader.get_data(reader.read(f"{tmp_path / 'cine.dcm'}#frame={frame}"))
    assert len(parsed) == 1


def test_several_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="expected one file for one image, got 2"):
        UltrasoundReader().read([tmp_path / "a.png", tmp_path / "b.png"])


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"expected a file, got .*No such file"):
        read(tmp_path / "gone.png")


def write_screenshot(path: Path) -> np.ndarray:
    """Write a PNG with an echo of 200 x 250 px in a console; give the picture."""
    picture = np.zeros((300, 400), np.uint8)
    picture[40:240, 60:310] = make_phantom(0, shape=(200, 250), pathology="benign").image
    Image.fromarray(picture).save(path)
    return picture


@pytest.mark.parametrize(
    ("find_field", "box", "origin"),
    [(True, [40, 60, 240, 310], "found"), (False, [0, 0, 300, 400], "whole")],
)
def test_field_of_view_of_a_screenshot(
    tmp_path: Path, find_field: bool, box: list[int], origin: str
) -> None:
    picture = write_screenshot(tmp_path / "image.png")
    reader = UltrasoundReader(find_field=find_field)
    array, meta = reader.get_data(reader.read(tmp_path / "image.png"))
    assert np.array_equal(array[0], picture)
    assert (meta["region"].tolist(), meta["region_origin"]) == (box, origin)
    assert (meta["region_count"], meta["region_known"]) == (1, True)


def test_metadata_of_a_calibrated_file(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.2), region=(20, 5, 69, 40))
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    _, meta = read(tmp_path / "image.dcm")
    assert meta["mm_per_pixel"] == pytest.approx([0.1, 0.2])
    assert (meta["region_origin"], meta["region_count"]) == ("given", 1)
    assert meta["regions"].tolist() == [[5, 20, 41, 70], *[[0] * 4] * 3]
    assert meta["region_known"]
    assert meta["SOPInstanceUID"] == dataset.SOPInstanceUID
    assert meta["BurnedInAnnotation"] == "NO"


def test_metadata_of_what_is_not_known(tmp_path: Path) -> None:
    write_phantom_dicom(tmp_path / "image.dcm", IMAGE)
    _, meta = read(tmp_path / "image.dcm")
    assert np.isnan(meta["mm_per_pixel"]).all()
    assert (meta["region_origin"], meta["region_known"]) == ("whole", False)
    Image.fromarray(IMAGE).save(tmp_path / "image.png")
    _, meta = read(tmp_path / "image.png")
    assert all(meta[keyword] == "" for keyword in IDENTITY_KEYWORDS)
    assert meta["region_known"]


def write_images(path: Path, count: int) -> None:
    """Write a file of some B-mode images side by side, the last of them first."""
    dataset = make_phantom_dataset(np.tile(IMAGE, count))
    dataset.SequenceOfUltrasoundRegions = [
        make_region((80 * number, 0, 80 * number + 79, 47), (0.1, 0.1 * (number + 1)))
        for number in reversed(range(count))
    ]
    dataset.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize("region", [1, 2, 3])
def test_regions_count_from_the_left(region: int, tmp_path: Path) -> None:
    write_images(tmp_path / "image.dcm", 3)
    array, meta = read(f"{tmp_path / 'image.dcm'}#region={region}")
    assert array.shape == (1, 48, 240)
    assert meta["region"].tolist() == [0, 80 * region - 80, 48, 80 * region]
    assert meta["mm_per_pixel"] == pytest.approx([0.1, 0.1 * region])
    assert meta["regions"][:, 1].tolist() == [0, 80, 160, 0]
    assert meta["region_count"] == 3


def test_regions_that_overlap_are_reported_one_by_one(tmp_path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    boxes = (0, 0, 49, 29), (30, 10, 79, 47)
    dataset.SequenceOfUltrasoundRegions = [make_region(box, (0.1, 0.1)) for box in boxes]
    dataset.save_as(tmp_path / "image.dcm", enforce_file_format=True)
    _, meta = read(tmp_path / "image.dcm")
    assert (meta["region_count"], meta["region"].tolist()) == (1, [0, 0, 48, 80])
    assert meta["region_parts"].shape == (64, 4)
    assert sorted(meta["region_parts"][:2].tolist()) == [[0, 0, 30, 50], [10, 30, 48, 80]]
    assert not meta["region_parts"][2:].any()


@pytest.mark.parametrize("region", [0, 3])
def test_region_that_does_not_exist(region: int, tmp_path: Path) -> None:
    write_images(tmp_path / "image.dcm", 2)
    with pytest.raises(ReadError, match=f"expected a region from 1 to 2, got {region}"):
        read(f"{tmp_path / 'image.dcm'}#region={region}")


def test_more_images_than_any_scanner_shows(tmp_path: Path) -> None:
    write_images(tmp_path / "image.dcm", 5)
    with pytest.raises(ReadError, match="at most 4 B-mode images in a frame, got 5"):
        read(tmp_path / "image.dcm")


def test_each_file_of_a_series_has_its_own_calibration(tmp_path: Path) -> None:
    reader = UltrasoundReader()
    for number, mm in ((1, (0.1, 0.2)), (2, (0.3, 0.4))):
        path = tmp_path / f"{number}.dcm"
        write_phantom_dicom(path, IMAGE, mm_per_pixel=mm, instance_number=number)
        _, meta = reader.get_data(reader.read(path))
        assert meta["mm_per_pixel"] == pytest.approx(mm)
