from pathlib import Path

import numpy as np
import pytest
from dataset_files import Draw, draw_box

from pipeline.errors import DatasetError, ReadError
from pipeline.prepare.busuclm import read_busuclm
from pipeline.prepare.case import Case

RED, GREEN = 0, 1
BOX = draw_box(1, 2, 4, 7)


def _paint(*channels: int) -> np.ndarray:
    mask = np.zeros((*BOX.shape, 3), dtype=np.uint8)
    for channel in channels:
        mask[BOX, channel] = 255
    return mask


@pytest.fixture
def root(tmp_path: Path, draw: Draw) -> Path:
    rows = "\ufeffImage;Resolution;Label;Doppler;Marks;Combined\n"
    for name, label, channels in (
        ("ALWI_000", "Benign", [GREEN]),
        ("CHCO_001", "Malignant", [RED]),
        ("CHVI_002.png", "Normal", []),
    ):
        stem = name.removesuffix(".png")
        draw(tmp_path / "images" / f"{stem}.png")
        draw(tmp_path / "masks" / f"{stem}.png", _paint(*channels))
        rows += f"{name};9x6;{label};No;No;No\n"
    (tmp_path / "INFO.csv").write_text(rows, encoding="utf-8")
    return tmp_path


def _read(root: Path) -> dict[str, Case]:
    return {case.id: case for case in read_busuclm(root)[0]}


class TestReadBusuclm:
    def test_reads_table_with_mark_and_names_with_and_without_suffix(self, root: Path) -> None:
        assert {name: case.pathology for name, case in _read(root).items()} == {
            "busuclm/ALWI_000": "benign",
            "busuclm/CHCO_001": "malignant",
            "busuclm/CHVI_002": "normal",
        }

    def test_two_names_of_one_patient_share_a_group(self, root: Path) -> None:
        cases = _read(root)
        assert cases["busuclm/CHCO_001"].group == cases["busuclm/CHVI_002"].group
        assert cases["busuclm/ALWI_000"].group == "busuclm:ALWI"

    @pytest.mark.parametrize("name", ["ALWI_000", "CHCO_001"])
    def test_red_and_green_are_lesion(self, root: Path, name: str) -> None:
        case = _read(root)[f"busuclm/{name}"]
        np.testing.assert_array_equal(case.read_mask(case.masks[0]), BOX)

    def test_black_is_no_lesion(self, root: Path) -> None:
        case = _read(root)["busuclm/CHVI_002"]
        assert not case.read_mask(case.masks[0]).any()

    def test_second_lesion_of_another_colour_counts(self, root: Path, draw: Draw) -> None:
        mask = _paint(RED)
        mask[5, 8, GREEN] = 255
        draw(root / "masks" / "CHCO_001.png", mask)
        case = _read(root)["busuclm/CHCO_001"]
        assert case.read_mask(case.masks[0]).sum() == BOX.sum() + 1

    @pytest.mark.parametrize("channels", [[GREEN], [RED, GREEN, 2]])
    def test_colour_of_another_class_is_refused(
        self, root: Path, draw: Draw, channels: list[int]
    ) -> None:
        draw(root / "masks" / "CHCO_001.png", _paint(*channels))
        case = _read(root)["busuclm/CHCO_001"]
        with pytest.raises(ReadError, match="without the colour"):
            case.read_mask(case.masks[0])

    def test_incomplete_cases_are_refused(self, root: Path, draw: Draw) -> None:
        draw(root / "images" / "NEWX_000.png")
        (root / "masks" / "ALWI_000.png").unlink()
        (root / "images" / "CHCO_001.png").unlink()
        text = (root / "INFO.csv").read_text(encoding="utf-8").replace("Normal", "Unclear")
        (root / "INFO.csv").write_text(text, encoding="utf-8")
        cases, refusals = read_busuclm(root)
        assert cases == []
        assert {refusal.id: refusal.reason for refusal in refusals} == {
            "busuclm/ALWI_000": "image without a mask",
            "busuclm/CHCO_001": "row of the table without an image",
            "busuclm/CHVI_002": "label is not Benign, Malignant or Normal",
            "busuclm/NEWX_000": "image without a row in the table",
        }

    def test_table_with_commas_is_an_error(self, root: Path) -> None:
        (root / "INFO.csv").write_text("Image,Label\n")
        with pytest.raises(DatasetError, match=r"INFO\.csv of BUS-UCLM"):
            read_busuclm(root)
