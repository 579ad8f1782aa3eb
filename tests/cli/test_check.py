"""`breast-us-seg check` on a small archive; the patient is called SECRET^PATIENT."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from orientation_phantom import make_orientation_phantom
from PIL import Image
from pydicom import Dataset

from pipeline.cli.main import main
from pipeline.phantom.phantom_dicom import make_phantom_dataset
from pipeline.readers import file_report
from pipeline.readers.dicom.dicom_source import DicomSource
from pipeline.readers.image_source import ImageSource
from pipeline.readers.open_image import open_image

IMAGE, _ = make_orientation_phantom(48, 80)
REPORT = "1.2.840.10008.5.1.4.1.1.88.33"
COLUMNS = [
    *("file", "verdict", "reason", "format", "sop_class", "transfer_syntax", "photometric"),
    *("bits_stored", "rows", "columns", "frames", "regions", "region", "calibration"),
    *("mm_per_pixel_y", "mm_per_pixel_x", "burned_in", "manufacturer", "model"),
]


def save(path: Path, dataset: Dataset, **attributes: object) -> None:
    dataset.PatientName, dataset.PatientID = "SECRET^PATIENT", "SECRET"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two scanners, a copy, a report, a picture and a text."""
    folder = tmp_path / "in"
    save(folder / "b.dcm", make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.2)), Manufacturer="One")
    cine = make_phantom_dataset(np.stack([IMAGE] * 3))
    save(folder / "a" / "cine.dcm", cine, Manufacturer="Two", BurnedInAnnotation="YES")
    (folder / "copy.dcm").write_bytes((folder / "b.dcm").read_bytes())
    report = make_phantom_dataset(IMAGE)
    report.file_meta.MediaStorageSOPClassUID = REPORT
    save(folder / "report.dcm", report, SOPClassUID=REPORT, Manufacturer="One")
    Image.fromarray(IMAGE).save(folder / "x.png")
    (folder / "notes.txt").write_text("SECRET^PATIENT")
    return folder


Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str]) -> Check:
    """Run the command; give its exit code and all that it printed."""

    def _check(*args: object) -> tuple[int, str]:
        code = main(["check", *map(str, args)])
        captured = capfd.readouterr()
        assert "SECRET" not in captured.out + captured.err
        return code, captured.out

    return _check


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_line_for_each_file_in_the_order_of_a_run(archive: Path, check: Check) -> None:
    code, printed = check(archive)
    assert code == 0
    lines = [line.split() for line in printed.splitlines()[:6]]
    assert [(line[0], line[1].rstrip(":")) for line in lines] == [
        ("taken", "b.dcm"),
        ("skipped", "copy.dcm"),
        ("skipped", "notes.txt"),
        ("skipped", "report.dcm"),
        ("taken", "x.png"),
        ("taken", "a/cine.dcm"),
    ]


def test_line_tells_what_the_file_is(archive: Path, check: Check) -> None:
    lines = check(archive)[1].splitlines()
    assert lines[0] == (
        "taken   b.dcm (Ultrasound Image Storage, Explicit VR Little Endian, MONOCHROME2, "
        "1 x 48 x 80, region given, 0.1 x 0.2 mm, burned in: NO)"
    )
    assert lines[1].startswith("skipped copy.dcm: a copy: the same SOPInstanceUID")
    assert lines[4] == "taken   x.png (PNG, 1 x 48 x 80, region decided by the pixels, no mm)"
    assert "3 x 48 x 80, region decided by the pixels, no mm, burned in: YES" in lines[5]


def test_mm_that_the_pixels_decide_on(tmp_path: Path, check: Check) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.2), region=(0, 0, 99, 47))
    save(tmp_path / "in" / "a.dcm", dataset, Manufacturer="One")
    _, printed = check(tmp_path / "in")
    assert "region decided by the pixels, 0.1 x 0.2 mm if they agree" in printed
    assert find_line(printed, "One")[:7] == ["1", "1", "0", "0", "1", "0", "1"]


def test_table(archive: Path, tmp_path: Path, check: Check) -> None:
    check(archive, "--csv", tmp_path / "table.csv")
    content = (tmp_path / "table.csv").read_bytes()
    assert content.decode().splitlines()[0].split(",") == COLUMNS
    assert b"\r" not in content
    assert b"SECRET" not in content
    rows = {row["file"]: row for row in read_table(tmp_path / "table.csv")}
    assert list(rows) == ["b.dcm", "copy.dcm", "notes.txt", "report.dcm", "x.png", "a/cine.dcm"]
    assert rows["b.dcm"]["mm_per_pixel_x"] == "0.2"
    assert rows["a/cine.dcm"]["frames"] == "3"
    assert rows["copy.dcm"]["verdict"] == "skipped"
    assert rows["copy.dcm"]["manufacturer"] == "One"
    assert rows["report.dcm"]["sop_class"] == "Comprehensive SR Storage"
    assert rows["notes.txt"]["rows"] == ""


def find_line(printed: str, name: str) -> list[str]:
    """Numbers of the line of the summary that ends with a name."""
    (line,) = [line for line in printed.splitlines() if line.endswith(f" {name}")]
    return re.findall(r"\d+", line.removesuffix(name))


def test_summary_by_manufacturer(archive: Path, check: Check) -> None:
    _, printed = check(archive, "--quiet")
    # files, taken, skipped, failed, frames, with mm, by pixels; burned in yes, no, unknown
    assert find_line(printed, "One") == ["3", "1", "2", "0", "1", "1", "0", "0", "1", "0"]
    assert find_line(printed, "Two") == ["1", "1", "0", "0", "3", "0", "0", "1", "0", "0"]
    assert find_line(printed, "PNG") == ["1", "1", "0", "0", "1", "0", "0", "0", "0", "0"]
    assert find_line(printed, "other files") == ["1", "0", "1", "0", "0", "0", "0", "0", "0", "0"]
    assert find_line(printed, "all") == ["6", "3", "3", "0", "5", "1", "0", "1", "1", "0"]


def test_quiet_prints_the_summary_only(archive: Path, check: Check) -> None:
    _, printed = check(archive, "--quiet")
    assert "taken   b.dcm" not in printed
    assert "1 skipped: not an ultrasound image: Comprehensive SR Storage" in printed


def test_manufacturer_that_is_called_all(tmp_path: Path, check: Check) -> None:
    save(tmp_path / "in" / "a.dcm", make_phantom_dataset(IMAGE), Manufacturer="all")
    save(tmp_path / "in" / "b.dcm", make_phantom_dataset(IMAGE[::-1]), Manufacturer="One")
    _, printed = check(tmp_path / "in", "--quiet")
    lines = [line for line in printed.splitlines() if line.endswith(" all")]
    assert [line.split()[0] for line in lines] == ["1", "2"]


def test_file_without_manufacturer(tmp_path: Path, check: Check) -> None:
    save(tmp_path / "in" / "a.dcm", make_phantom_dataset(IMAGE), Manufacturer="")
    _, printed = check(tmp_path / "in", "--quiet")
    assert find_line(printed, "DICOM without manufacturer")[0] == "1"


def test_damaged_file_ends_with_2(archive: Path, check: Check) -> None:
    (archive / "b.dcm").write_bytes((archive / "copy.dcm").read_bytes()[:-100])
    code, printed = check(archive)
    assert code == 2
    assert printed.startswith("failed  b.dcm: expected 3840 bytes")
    assert find_line(printed, "One")[3] == "1"


def test_same_uid_of_other_bytes_is_taken_with_a_remark(archive: Path, check: Check) -> None:
    dataset = make_phantom_dataset(IMAGE, mm_per_pixel=(0.1, 0.2))
    save(archive / "copy.dcm", dataset, Manufacturer="One", StudyID="2")
    code, printed = check(archive)
    assert code == 0
    assert "no DICOM objects: " in printed


def test_single_file(archive: Path, check: Check) -> None:
    code, printed = check(archive / "x.png")
    assert code == 0
    assert printed.startswith("taken   x.png")


def test_link_to_a_folder_is_skipped(tmp_path: Path, check: Check) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    code, printed = check(tmp_path / "in")
    assert code == 0
    assert printed.startswith("skipped loop: a link to a folder")


def test_empty_folder(tmp_path: Path, check: Check) -> None:
    code, printed = check(tmp_path)
    assert code == 0
    assert find_line(printed, "all")[0] == "0"


def test_nothing_to_check_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nowhere")]) == 1
    assert "expected a folder or a file, got nothing at" in capsys.readouterr().err


def test_table_that_cannot_be_written_ends_with_1(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "table.csv").mkdir()
    assert main(["check", str(archive), "--csv", str(tmp_path / "table.csv")]) == 1
    assert "expected to write" in capsys.readouterr().err


def test_text_of_the_header_cannot_start_another_line(tmp_path: Path, check: Check) -> None:
    dataset = make_phantom_dataset(IMAGE)
    save(tmp_path / "in" / "a.dcm", dataset, Manufacturer="One\x1b[31m\ntaken   b.dcm")
    _, printed = check(tmp_path / "in")
    assert "\x1b" not in printed
    assert len([line for line in printed.splitlines() if line.startswith("taken")]) == 1


def test_odd_file_names(tmp_path: Path, check: Check) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(IMAGE).save(tmp_path / "in" / "line\nbreak.png")
    (tmp_path / "in" / "caf\udce9.png").write_bytes(
        (tmp_path / "in" / "line\nbreak.png").read_bytes()
    )
    code, printed = check(tmp_path / "in", "--csv", tmp_path / "table.csv")
    assert code == 0
    assert printed.splitlines()[:2] == [
        r"taken   caf\udce9.png (PNG, 1 x 48 x 80, region decided by the pixels, no mm)",
        r"taken   line\nbreak.png (PNG, 1 x 48 x 80, region decided by the pixels, no mm)",
    ]
    files = [row["file"] for row in read_table(tmp_path / "table.csv")]
    assert files == [r"caf\udce9.png", r"line\nbreak.png"]


def test_each_file_is_opened_once_and_not_decoded(
    tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def open_and_note(path: Path) -> ImageSource:
        opened.append(path.name)
        return open_image(path)

    monkeypatch.setattr(file_report, "open_image", open_and_note)
    monkeypatch.setattr(DicomSource, "read", lambda *_: pytest.fail("decoded a frame"))
    for number in range(40):
        dataset = make_phantom_dataset(IMAGE, instance_number=number, mm_per_pixel=(0.1, 0.1))
        save(tmp_path / "in" / f"{number % 7}" / f"{number:03d}.dcm", dataset)
    code, printed = check(tmp_path / "in", "--csv", tmp_path / "1.csv")
    assert code == 0
    assert sorted(opened) == [f"{number:03d}.dcm" for number in range(40)]
    assert find_line(printed, "all")[:2] == ["40", "40"]
    assert (
        check(tmp_path / "in", "--csv", tmp_path / "2.csv")[1].splitlines()[:40]
        == (printed.splitlines()[:40])
    )
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_help_is_quick_to_import(tmp_path: Path) -> None:
    script = "import sys, pipeline.cli.main as m; m.main(['check', sys.argv[1]]); " + (
        "print('torch' in sys.modules, 'monai' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert process.stdout.splitlines()[-1] == "False False"
