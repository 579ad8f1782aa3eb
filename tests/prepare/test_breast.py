import sys
from pathlib import Path

import openpyxl
import pytest
from dataset_files import Draw, draw_box

from pipeline.errors import ConfigError, DatasetError
from pipeline.prepare.breast import read_breast

HEADER = ["CaseID", "Image_filename", "Mask_tumor_filename", "Pixel_size", "BIRADS"]


def _write_workbook(path: Path, *, header: list[str] | None = None) -> None:
    book = openpyxl.Workbook()
    book.active.append(["a data dictionary", "stands first"])
    sheet = book.create_sheet("BrEaST-Lesions-USG clinical dat")
    sheet.append(header or [*HEADER, "Classification"])
    sheet.append([1, "case001.png", "case001_tumor.png", 0.0072, "4a", "benign"])
    sheet.append([2, "case002.png", "case002_tumor.png", "0,01", 5, "malignant"])
    sheet.append([3, "case003.png", None, None, 1, "normal"])
    sheet.append([None] * 6)
    book.save(path)


@pytest.fixture
def root(tmp_path: Path, draw: Draw) -> Path:
    folder = tmp_path / "images_and_masks"
    for name in ("case001", "case002", "case003"):
        draw(folder / f"{name}.png")
    for name in ("case001_tumor", "case002_tumor", "case002_other1", "case002_other2"):
        draw(folder / f"{name}.png", draw_box(1, 1, 2, 2))
    _write_workbook(folder / "clinical.xlsx")
    return folder


class TestReadBreast:
    def test_classes_and_groups(self, root: Path) -> None:
        cases, refusals = read_breast(root)
        assert [(case.id, case.group, case.pathology, case.birads) for case in cases] == [
            ("breast/case001", "breast:case001", "benign", "4a"),
            ("breast/case002", "breast:case002", "malignant", "5"),
            ("breast/case003", "breast:case003", "normal", "1"),
        ]
        assert refusals == []

    def test_further_lesions_are_masks_too(self, root: Path) -> None:
        cases, _ = read_breast(root)
        assert [[mask.stem for mask in case.masks] for case in cases] == [
            ["case001_tumor"],
            ["case002_other1", "case002_other2", "case002_tumor"],
            [],
        ]

    def test_an_implant_is_no_lesion(self, root: Path, draw: Draw) -> None:
        """Case 38 and 92: the file `_other1` is half of the picture."""
        draw(root / "case001_other1.png", draw_box(0, 0, 3, 3))
        book = openpyxl.load_workbook(root / "clinical.xlsx")
        sheet = book.worksheets[1]
        sheet.cell(1, 7, "Interpretation")
        sheet.cell(2, 7, "Cyst filled with thick fluid&Silicone implant")
        sheet.cell(3, 7, "Dysplasia&Fibroadenoma")
        book.save(root / "clinical.xlsx")

        cases, _ = read_breast(root)

        assert [[mask.stem for mask in case.masks] for case in cases] == [
            ["case001_tumor"],
            ["case002_other1", "case002_other2", "case002_tumor"],
            [],
        ]

    def test_pixel_size_is_in_mm(self, root: Path) -> None:
        assert [case.mm_per_pixel for case in read_breast(root)[0]] == [0.072, 0.1, 0.0]

    def test_table_may_lie_above_the_images(self, root: Path) -> None:
        (root / "clinical.xlsx").rename(root.parent / "clinical.xlsx")
        assert len(read_breast(root)[0]) == 3

    def test_incomplete_cases_are_refused(self, root: Path, draw: Draw) -> None:
        (root / "case001.png").unlink()
        (root / "case003.png").unlink()
        draw(root / "case004.png")
        draw(root / "notes.png")
        cases, refusals = read_breast(root)
        assert [case.id for case in cases] == ["breast/case002"]
        assert {refusal.id: refusal.reason for refusal in refusals} == {
            "notes.png": "name is not BrEaST's",
            "breast/case001": "mask without an image",
            "breast/case003": "row of the table without an image",
            "breast/case004": "image without a row in the table",
        }

    def test_missing_table_is_an_error(self, root: Path) -> None:
        (root / "clinical.xlsx").unlink()
        with pytest.raises(DatasetError, match=r"got none in any \.xlsx"):
            read_breast(root)

    def test_missing_column_is_an_error(self, root: Path) -> None:
        _write_workbook(root / "clinical.xlsx", header=[*HEADER, "Klass"])
        with pytest.raises(DatasetError, match=r"Classification.*got none in clinical\.xlsx"):
            read_breast(root)

    def test_damaged_table_is_an_error(self, root: Path) -> None:
        (root / "clinical.xlsx").write_bytes(b"PK nonsense")
        with pytest.raises(DatasetError, match="expected an Excel workbook"):
            read_breast(root)

    def test_folder_without_images_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"such as case001\.png"):
            read_breast(tmp_path)

    def test_missing_openpyxl_names_the_extra(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "openpyxl", None)
        with pytest.raises(ConfigError, match=r"pip install '\.\[datasets\]'"):
            read_breast(root)
