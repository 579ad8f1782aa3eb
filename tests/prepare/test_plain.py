from pathlib import Path

import pytest
from dataset_files import Draw, draw_box

from pipeline.errors import DatasetError
from pipeline.prepare.plain import read_plain


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

    @pytest.mark.parametrize(
        "spelling",
        [
            *("lesion one.jpg", "images/lesion one.jpg", "C:\\data\\images\\lesion one.jpg"),
            *("./images\\lesion one.jpg", "lesion one", "LESION ONE.JPG", "Lesion One"),
            *("lesion one.dcm", "C:\\Data\\LESION ONE.PNG", " lesion one.jpg "),
        ],
    )
    def test_groups_table_may_spell_a_file_as_programs_do(self, root: Path, spelling: str) -> None:
        (root / "groups.csv").write_text(f"group,file\n1,{spelling}\n1,sound.bmp\n")
        assert {case.group for case in read_plain(root)[0]} == {"plain:groups.csv:1"}

    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ("1,other.jpg", "row 2, other.jpg, means no image"),
            ("1,lesion", "row 2, lesion, means no image"),
            ("1,sound.bmp\n2,other.jpg", "row 3, other.jpg, means no image"),
            ("1,", "row 2, without a file, means no image"),
            (",sound.bmp", "row 2 names no group"),
            ("1,sound.bmp\n2,SOUND", "row 3 puts sound.bmp into another group"),
            ("1,Twin", "row 2, Twin, means 2 images"),
        ],
    )
    def test_row_of_groups_table_that_means_not_one_image(
        self, root: Path, draw: Draw, rows: str, reason: str
    ) -> None:
        draw(root / "images" / "twin.jpg")
        draw(root / "images" / "twin.bmp")
        (root / "groups.csv").write_text(f"group,file\n{rows}\n")
        with pytest.raises(DatasetError, match=reason):
            read_plain(root)

    def test_the_exact_name_counts_before_others(self, root: Path, draw: Draw) -> None:
        draw(root / "images" / "sound.jpg")
        (root / "groups.csv").write_text("group,file\n1,sound.bmp\n1,images/lesion one.jpg\n")
        groups = {case.id: case.group for case in read_plain(root)[0]}
        assert groups["plain/lesion_one"] == "plain:groups.csv:1"

    @pytest.mark.parametrize(
        "table",
        [
            b"\xef\xbb\xbfgroup,file\r\n1,lesion one.jpg\r\n1,sound.bmp\r\n",
            b"group;file\n1;lesion one.jpg\n1;sound.bmp\n",
            b"file\tgroup\nlesion one.jpg\t1\nsound.bmp\t1\n",
            b'"group","file"\n"1","lesion one.jpg"\n"1","sound.bmp"\n',
            b"group , file , note\n1 , lesion one.jpg  ,\n1,sound.bmp,,,\n\n , \n",
            b"group,file\n1,./images/lesion one.jpg\n1,..\\images\\sound.bmp\n",
            b"group,file\n1,sound.bmp\n1,SOUND\n01,lesion one.JPG\n",
            b"group,file\n1,lesion one.jpg\n1.0,sound.bmp\n",
            b"group,file\nP 1,lesion one.jpg\np  1,sound.bmp\n",
            b"group,file\n\xef\xbc\x91,lesion one.jpg\n1,sound.bmp\n",
            b"group,file\nm\xc3\xbcller,lesion one.jpg\nmu\xcc\x88LLER,sound.bmp\n",
        ],
    )
    def test_groups_table_as_programs_write_it(self, root: Path, table: bytes) -> None:
        (root / "groups.csv").write_bytes(table)
        assert len({case.group for case in read_plain(root)[0]}) == 1

    @pytest.mark.parametrize(
        ("table", "reason"),
        [
            ("group,file\n1,sound.bmp\n".encode("utf-16"), "UnicodeDecodeError"),
            ("group,file\nm\xfcller,sound.bmp\n".encode("latin-1"), "UnicodeDecodeError"),
            (b"1,sound.bmp\n", "expected the columns file, group"),
            (b"patient,file\n1,sound.bmp\n", "missing: group"),
            (b"", "got none"),
            (b"group,file\n1,sound.bmp\n2,./SOUND.bmp\n", "row 3 puts sound.bmp into another"),
            (b"group,file\n1,sound.bmp;lesion one.jpg\n", "means no image"),
            (b"group,file\nsound.bmp,1\n", "means no image"),
        ],
    )
    def test_groups_table_of_another_kind_is_refused(
        self, root: Path, table: bytes, reason: str
    ) -> None:
        (root / "groups.csv").write_bytes(table)
        with pytest.raises(DatasetError, match=reason):
            read_plain(root)

    @pytest.mark.parametrize("name", ["Groups.csv", "group.csv", "groups.xlsx", "groups.csv.txt"])
    def test_groups_table_of_another_name_is_refused(self, root: Path, name: str) -> None:
        (root / name).write_text("group,file\n1,sound.bmp\n")
        with pytest.raises(DatasetError, match=f"as groups.csv in .*, got {name}"):
            read_plain(root)

    def test_letters_with_marks_may_be_spelled_in_two_ways(self, root: Path, draw: Draw) -> None:
        draw(root / "images" / "bru\u0308st.png")
        draw(root / "masks" / "br\xfcst.png", draw_box(1, 1, 2, 2))
        (root / "groups.csv").write_text("group,file\n7,br\xfcst.png\n", encoding="utf-8")
        cases, refusals = read_plain(root)
        assert {case.id: case.group for case in cases}["plain/br\xfcst"] == "plain:groups.csv:7"
        assert refusals == []

    def test_folders_of_patients_are_named(self, root: Path, draw: Draw) -> None:
        draw(root / "images" / "p1" / "x.png")
        (refusal,) = read_plain(root)[1]
        assert (refusal.id, refusal.reason[:8]) == ("images/p1", "a folder")

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
