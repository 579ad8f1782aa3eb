from pathlib import Path

import pytest
from dataset_files import Draw, draw_box

from pipeline.errors import DatasetError
from pipeline.prepare.busbra import read_busbra

HEADER = "ID,Case,Histology,Pathology,BIRADS,Device,Width,Height,Side,BBOX\n"


@pytest.fixture
def root(tmp_path: Path, draw: Draw) -> Path:
    rows = HEADER
    for name, patient, pathology in (
        ("0001-l", 1, "malignant"),
        ("0001-r", 1, "benign"),
        ("0002-s", 2, "benign"),
    ):
        draw(tmp_path / "Images" / f"bus_{name}.png")
        draw(tmp_path / "Masks" / f"mask_{name}.png", draw_box(1, 1, 2, 2))
        rows += f'bus_{name},{patient},x,{pathology},4,GE @10-14MHz,999,999,left,"[1,2,3,4]"\n'
    (tmp_path / "bus_data.csv").write_text(rows)
    return tmp_path


class TestReadBusbra:
    def test_group_is_the_patient(self, root: Path) -> None:
        cases, refusals = read_busbra(root)
        assert [(case.id, case.group, case.pathology) for case in cases] == [
            ("busbra/bus_0001-l", "busbra:1", "malignant"),
            ("busbra/bus_0001-r", "busbra:1", "benign"),
            ("busbra/bus_0002-s", "busbra:2", "benign"),
        ]
        assert refusals == []

    def test_keeps_device_and_birads(self, root: Path) -> None:
        case = read_busbra(root)[0][0]
        assert (case.device, case.birads) == ("GE @10-14MHz", "4")

    def test_mask_is_that_of_the_same_name(self, root: Path) -> None:
        case = read_busbra(root)[0][1]
        assert [mask.name for mask in case.masks] == ["mask_0001-r.png"]

    def test_incomplete_cases_are_refused(self, root: Path, draw: Draw) -> None:
        (root / "Masks" / "mask_0001-l.png").unlink()
        (root / "Images" / "bus_0001-r.png").unlink()
        draw(root / "Images" / "bus_0009-l.png")
        text = (root / "bus_data.csv").read_text().replace("2,x,benign", "2,x,unclear")
        (root / "bus_data.csv").write_text(text)
        cases, refusals = read_busbra(root)
        assert cases == []
        assert {refusal.id: refusal.reason for refusal in refusals} == {
            "busbra/bus_0001-l": "image without a mask",
            "busbra/bus_0001-r": "row of the table without an image",
            "busbra/bus_0002-s": "pathology is not benign or malignant",
            "busbra/bus_0009-l": "image without a row in the table",
        }

    def test_image_without_a_patient_is_refused(self, root: Path) -> None:
        text = (root / "bus_data.csv").read_text().replace(",2,x", ",,x")
        (root / "bus_data.csv").write_text(text)
        assert [refusal.reason for refusal in read_busbra(root)[1]] == [
            "image without a patient in the table"
        ]

    def test_id_that_occurs_twice_is_refused(self, root: Path) -> None:
        with (root / "bus_data.csv").open("a") as file:
            file.write('bus_0002-s,7,x,malignant,4,GE,1,1,left,""\n')
        cases, refusals = read_busbra(root)
        assert [case.id for case in cases] == ["busbra/bus_0001-l", "busbra/bus_0001-r"]
        assert [(r.id, r.reason) for r in refusals] == [
            ("busbra/bus_0002-s", "several rows of the table")
        ]

    def test_missing_column_is_an_error(self, root: Path) -> None:
        (root / "bus_data.csv").write_text("ID,Pathology\n")
        with pytest.raises(DatasetError, match=r"bus_data\.csv of BUS-BRA.*missing: BIRADS, Case"):
            read_busbra(root)
