from pathlib import Path

import pytest
from dataset_files import Draw, draw_box

from pipeline.datasets.plain import read_plain
from pipeline.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path, draw: Draw) -> Path:
    draw(tmp_path / "images" / "lesion one.jpg")
    draw(tmp_path / "masks" / "lesion one.png", draw_box(1, 1, 2, 2))
    draw(tmp_path / "images" / "sound.bmp")
    draw(tmp_path / "masks" / "sound.png", draw_box(0, 0, 0, 0))
    return tmp_path


class TestReadPlain:
    def test_black_mask_is_normal_and_any_other_unknown(self, root: Path) -> None:
        cases, refusals = read_plain(root)
        assert [(case.id, case.group, case.pathology) for case in cases] == [
            ("plain/lesion_one", "plain:lesion_one", "unknown"),
            ("plain/sound", "plain:sound", "normal"),
        ]
        assert refusals == []

    def test_mask_may_have_the_whole_name_of_its_image(self, root: Path) -> None:
        mask = root / "masks" / "lesion one.png"
        mask.rename(mask.with_name("lesion one.jpg.png"))
        cases, refusals = read_plain(root)
        assert [path.name for path in cases[0].masks] == ["lesion one.jpg.png"]
        assert refusals == []

    def test_source_is_part_of_id_and_group(self, root: Path) -> None:
        case = read_plain(root, source="plain-2")[0][0]
        assert (case.id, case.group) == ("plain-2/lesion_one", "plain-2:lesion_one")

    def test_image_without_mask_is_refused(self, root: Path, draw: Draw) -> None:
        draw(root / "images" / "new.tif")
        draw(root / "masks" / "old.png")
        refusals = {refusal.id: refusal.reason for refusal in read_plain(root)[1]}
        assert refusals == {
            "plain/new": "image without a mask",
            "old.png": "mask without an image",
        }

    @pytest.mark.parametrize("name", ["sound.jpg", "SOUND.png", "sound.dcm"])
    def test_two_images_of_one_name_are_refused(self, root: Path, name: str) -> None:
        (root / "images" / name).write_bytes((root / "images" / "sound.bmp").read_bytes())
        cases, refusals = read_plain(root)
        assert [case.id for case in cases] == ["plain/lesion_one"]
        assert [refusal.id for refusal in refusals] == ["plain/sound"]

    def test_unreadable_mask_is_refused(self, root: Path) -> None:
        (root / "masks" / "sound.png").write_bytes(b"no image")
        cases, refusals = read_plain(root)
        assert [case.id for case in cases] == ["plain/lesion_one"]
        assert "cannot be read" in refusals[0].reason

    def test_groups_table_groups(self, root: Path) -> None:
        (root / "groups.csv").write_text("group,file\n1,lesion one.jpg\n1,images/sound.bmp\n")
        assert {case.group for case in read_plain(root)[0]} == {"plain:groups.csv:1"}

    @pytest.mark.parametrize("missing", ["images", "masks"])
    def test_missing_folder_is_an_error(self, root: Path, missing: str) -> None:
        (root / missing).rename(root / "elsewhere")
        with pytest.raises(DatasetError, match=f"expected the folder {missing}/"):
            read_plain(root)

    def test_no_images_is_an_error(self, tmp_path: Path) -> None:
        for name in ("images", "masks"):
            (tmp_path / name).mkdir()
        with pytest.raises(DatasetError, match="got none in"):
            read_plain(tmp_path)
