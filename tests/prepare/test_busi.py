from pathlib import Path

import pytest
from dataset_files import Draw, draw_box

from pipeline.errors import DatasetError
from pipeline.prepare.busi import read_busi

# Of the packaged table: benign 1 and 318 are near-copies; malignant 51 is one of benign 42.


@pytest.fixture
def root(tmp_path: Path, draw: Draw) -> Path:
    for name in ("benign (1)", "benign (318)", "benign (42)", "malignant (51)", "normal (2)"):
        folder = tmp_path / name.split()[0]
        draw(folder / f"{name}.png")
        draw(folder / f"{name}_mask.png", draw_box(1, 1, 2, 2))
    return tmp_path


class TestReadBusi:
    def test_near_copies_share_a_group(self, root: Path) -> None:
        cases, _ = read_busi(root)
        groups = {case.id: case.group for case in cases}
        assert groups["busi/benign_001"] == groups["busi/benign_318"] != groups["busi/normal_002"]

    def test_images_outside_the_table_are_their_own_group(self, root: Path, draw: Draw) -> None:
        for number in (901, 902):
            draw(root / "benign" / f"benign ({number}).png")
        cases, _ = read_busi(root)
        assert {"busi:benign_901", "busi:benign_902"} <= {case.group for case in cases}

    def test_group_of_two_classes_is_refused_whole(self, root: Path) -> None:
        cases, refusals = read_busi(root)
        assert {case.id for case in cases} == {
            "busi/benign_001",
            "busi/benign_318",
            "busi/normal_002",
        }
        assert [refusal.id for refusal in refusals] == ["busi/benign_042", "busi/malignant_051"]
        assert {refusal.reason for refusal in refusals} == {"near-copies of it have another class"}

    def test_group_of_two_classes_is_refused_without_its_other_half(self, root: Path) -> None:
        (root / "malignant" / "malignant (51).png").unlink()
        (root / "malignant" / "malignant (51)_mask.png").unlink()
        _, refusals = read_busi(root)
        assert [refusal.id for refusal in refusals] == ["busi/benign_042"]

    def test_collects_all_masks_of_an_image(self, root: Path, draw: Draw) -> None:
        draw(root / "benign" / "benign (1)_mask_1.png", draw_box(3, 3, 4, 4))
        case = read_busi(root)[0][0]
        assert [mask.name for mask in case.masks] == [
            "benign (1)_mask.png",
            "benign (1)_mask_1.png",
        ]
        assert (case.pathology, case.image.name) == ("benign", "benign (1).png")

    def test_strange_names_and_orphan_masks_are_refused(self, root: Path, draw: Draw) -> None:
        draw(root / "benign" / "benign (7) copy.png")
        draw(root / "benign" / "normal (3).png")
        draw(root / "normal" / "normal (9)_mask.png")
        found = {refusal.id: refusal.reason for refusal in read_busi(root)[1]}
        assert found["benign/benign (7) copy.png"] == "name is not BUSI's"
        assert found["benign/normal (3).png"] == "name is not BUSI's"
        assert found["busi/normal_009"] == "mask without an image"

    def test_missing_class_folder_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match="benign/ of BUSI"):
            read_busi(tmp_path)

    def test_folders_without_images_are_an_error(self, tmp_path: Path) -> None:
        for name in ("benign", "malignant", "normal"):
            (tmp_path / name).mkdir()
        with pytest.raises(DatasetError, match="expected images of BUSI"):
            read_busi(tmp_path)
