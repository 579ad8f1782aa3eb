"""What `check` tells of a file; the patient is called SECRET^PATIENT, as no report may tell."""

import os
from dataclasses import asdict
from pathlib import Path

import nibabel
import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import Dataset
from pydicom.uid import JPEG2000Lossless

from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset, make_region
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.file_report import FileReport, inspect_file

IMAGE, _ = make_orientation_phantom(48, 80)
MM = (0.1, 0.2)
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


def save(path: Path, dataset: Dataset) -> Path:
    dataset.PatientName, dataset.PatientID = "SECRET^PATIENT", "SECRET"
    dataset.OperatorsName = dataset.StudyDescription = "SECRET"
    dataset.save_as(path, enforce_file_format=True)
    return path


def inspect(path: Path) -> FileReport:
    report, _ = inspect_file(path, "a/x")
    assert "SECRET" not in repr(report)
    return report


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.dcm"


def test_everything_of_a_still(path: Path) -> None:
    save(path, make_phantom_dataset(IMAGE, mm_per_pixel=MM))
    assert inspect(path) == FileReport(
        file="a/x",
        verdict="taken",
        reason="",
        format="DICOM",
        sop_class="Ultrasound Image Storage",
        transfer_syntax="Explicit VR Little Endian",
        photometric="MONOCHROME2",
        bits_stored="8",
        rows=48,
        columns=80,
        frames=1,
        regions=1,
        region="given",
        calibration="known",
        mm_per_pixel_y="0.1",
        mm_per_pixel_x="0.2",
        burned_in="NO",
        manufacturer="breast-us-seg phantom",
        model="phantom",
    )


def test_uid_comes_with_the_report(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    _, uid = inspect_file(save(path, dataset), "x")
    assert uid == dataset.SOPInstanceUID


def test_compressed_cine_is_not_decoded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_phantom_dataset(np.stack([IMAGE] * 3))
    dataset.compress(JPEG2000Lossless)
    save(path, dataset)
    monkeypatch.setattr(DicomSource, "read", None)
    report = inspect(path)
    assert (report.verdict, report.frames) == ("taken", 3)
    assert report.transfer_syntax == "JPEG 2000 Image Compression (Lossless Only)"
    assert report.sop_class == "Ultrasound Multi-frame Image Storage"


def test_colour(path: Path) -> None:
    save(path, make_phantom_dataset(np.dstack([IMAGE] * 3), kind=DicomKind.RGB))
    assert inspect(path).photometric == "RGB"


def test_missing_attributes_are_empty_or_unknown(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    for keyword in ("BurnedInAnnotation", "Manufacturer", "ManufacturerModelName"):
        del dataset[keyword]
    report = inspect(save(path, dataset))
    assert (report.burned_in, report.manufacturer, report.model) == ("unknown", "", "")
    assert (report.region, report.mm_per_pixel_y) == ("decided by the pixels", "")
    assert report.calibration == "none"


def test_text_is_one_short_line(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.Manufacturer = "Maker \r\n of\tscanners"
    dataset["ManufacturerModelName"].VR = "LT"
    dataset.ManufacturerModelName = "x" * 1000
    report = inspect(save(path, dataset))
    assert report.manufacturer == "Maker of scanners"
    assert report.model == "x" * 64


@pytest.mark.parametrize(
    ("keyword", "column"),
    [
        ("PhotometricInterpretation", "photometric"),
        ("BurnedInAnnotation", "burned_in"),
        ("Manufacturer", "manufacturer"),
        ("ManufacturerModelName", "model"),
    ],
)
def test_patient_in_the_wrong_attribute_is_not_quoted(
    path: Path, keyword: str, column: str
) -> None:
    dataset = make_phantom_dataset(IMAGE)
    setattr(dataset, keyword, "SECRET PATIENT")
    report = inspect(save(path, dataset))
    is_term = column in ("photometric", "burned_in")
    assert getattr(report, column) == ("of no standard" if is_term else "")


@pytest.mark.parametrize(
    ("right", "spacing"),
    [(MM, ("0.1", "0.2")), ((0.3, 0.2), ("0.1 0.3", "0.2")), (None, ("0.1 -", "0.2 -"))],
)
def test_two_images_have_the_cells_of_a_run(
    path: Path, right: tuple[float, float] | None, spacing: tuple[str, str]
) -> None:
    items = [make_region((0, 0, 39, 47), MM), make_region((40, 0, 79, 47), right or MM)]
    if right is None:
        items[1].PhysicalUnitsXDirection = 4
    dataset = make_phantom_dataset(IMAGE)
    dataset.SequenceOfUltrasoundRegions = items
    report = inspect(save(path, dataset))
    assert report.regions == 2
    assert (report.mm_per_pixel_y, report.mm_per_pixel_x) == spacing


def test_region_beyond_the_frame_is_reported(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=MM, region=(0, 0, 99, 47))
    report = inspect(save(path, dataset))
    assert report.region == report.calibration == "decided by the pixels"
    assert (report.mm_per_pixel_y, report.mm_per_pixel_x) == ("0.1", "0.2")


def test_pixels_decide_on_a_region_with_a_console_around(path: Path) -> None:
    picture = np.zeros((120, 160), np.uint8)
    dataset = make_phantom_dataset(picture, mm_per_pixel=MM, region=(30, 30, 119, 89))
    report = inspect(save(path, dataset))
    assert report.region == report.calibration == "decided by the pixels"


@pytest.mark.parametrize("spacing", [[1, 1], [3000, 3000], [0, 0]])
def test_refused_scale_is_the_reason(path: Path, spacing: list[float]) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PixelSpacing = spacing
    report = inspect(save(path, dataset))
    assert (report.verdict, report.calibration, report.mm_per_pixel_y) == ("taken", "none", "")
    assert report.reason.startswith("no mm by Pixel Spacing (0028,0030): ")


def test_pixel_spacing_is_reported(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.PixelSpacing = [0.1, 0.2]
    report = inspect(save(path, dataset))
    assert (report.region, report.calibration) == ("decided by the pixels", "known")
    assert (report.mm_per_pixel_y, report.mm_per_pixel_x) == ("0.1", "0.2")


def test_nifti(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(IMAGE.T, np.diag([-0.2, -0.1, 1, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "x.nii")
    report = inspect(tmp_path / "x.nii")
    assert (report.region, report.calibration) == ("whole", "known")
    assert (report.mm_per_pixel_y, report.mm_per_pixel_x) == ("0.1", "0.2")


def test_remarks_are_the_reason_of_a_file_that_is_taken(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=MM)
    dataset.PixelSpacing = [0.3, 0.3]
    report = inspect(save(path, dataset))
    assert report.verdict == "taken"
    assert "Pixel Spacing" in report.reason


def test_traces_only_are_skipped(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    trace = make_region((0, 0, 79, 47), MM, spatial_format=3, data_type=3)
    dataset.SequenceOfUltrasoundRegions = [trace]
    report = inspect(save(path, dataset))
    assert (report.verdict, report.format) == ("skipped", "DICOM")
    assert "M-mode, spectra or waveforms" in report.reason
    assert report.manufacturer == "breast-us-seg phantom"


def test_other_class_is_skipped_with_its_name(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        "1.2.840.10008.5.1.4.1.1.88.33"
    )
    del dataset.PixelData
    report = inspect(save(path, dataset))
    assert report.verdict == "skipped"
    assert report.sop_class == "Comprehensive SR Storage"
    assert report.manufacturer == "breast-us-seg phantom"


def test_file_of_a_refused_class_has_no_uid(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    _, uid = inspect_file(save(path, dataset), "x")
    assert uid == ""


def test_class_of_no_standard_is_not_quoted(path: Path) -> None:
    dataset = make_phantom_dataset(IMAGE)
    private = "1.2.826.0.1.3680043.8.498.1"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = private
    report = inspect(save(path, dataset))
    assert report.sop_class == "of no standard"
    assert private not in repr(report)


def test_damaged_file_fails_with_what_can_be_told(path: Path) -> None:
    save(path, make_phantom_dataset(IMAGE))
    path.write_bytes(path.read_bytes()[:-100])
    report = inspect(path)
    assert (report.verdict, report.sop_class) == ("failed", "Ultrasound Image Storage")
    assert "cut off" in report.reason
    assert report.rows is None


def test_header_that_cannot_be_parsed_tells_nothing(path: Path) -> None:
    save(path, make_phantom_dataset(IMAGE))
    path.write_bytes(path.read_bytes()[:140])
    report = inspect(path)
    assert (report.verdict, report.sop_class) == ("failed", "")


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("TIFF", "tif"), ("BMP", "bmp")])
def test_picture(tmp_path: Path, kind: str, suffix: str) -> None:
    Image.fromarray(IMAGE).save(tmp_path / f"x.{suffix}", kind)
    report, uid = inspect_file(tmp_path / f"x.{suffix}", "x")
    told = {key: value for key, value in asdict(report).items() if value not in ("", None)}
    assert told == {
        **{"file": "x", "verdict": "taken", "format": kind},
        **{"rows": 48, "columns": 80, "frames": 1, "regions": 1},
        **{"region": "decided by the pixels", "calibration": "none"},
    }
    assert uid == ""


def test_damaged_picture_fails_with_its_format(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(content[:20])
    report = inspect(tmp_path / "x.png")
    assert (report.verdict, report.format, report.rows) == ("failed", "PNG", None)


def test_text_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("SECRET^PATIENT came back")
    report = inspect(tmp_path / "notes.txt")
    assert (report.verdict, report.format) == ("skipped", "")
    assert "not an image" in report.reason


def test_pipe_fails_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    report = inspect(tmp_path / "pipe")
    assert (report.verdict, report.reason) == (
        "failed",
        "expected a regular file, got a device or dead link",
    )


def test_dead_link_fails(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert inspect(tmp_path / "gone").verdict == "failed"
