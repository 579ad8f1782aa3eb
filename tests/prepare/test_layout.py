from pathlib import Path

import pytest

from pipeline.errors import DatasetError
from pipeline.prepare.layout import list_files, parse_pathology, read_table


class TestListFiles:
    def test_leaves_out_hidden_files_folders_and_other_suffixes(self, tmp_path: Path) -> None:
        for name in ("b.png", "a.PNG", "._b.png", "c.txt"):
            (tmp_path / name).touch()
        (tmp_path / "d.png").mkdir()
        names = [path.name for path in list_files(tmp_path, {".png"}, of="X")]
        assert names == ["a.PNG", "b.png"]

    def test_missing_folder_names_folder_and_set(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetError, match=r"expected the folder benign/ of BUSI, got nothing"):
            list_files(tmp_path / "benign", {".png"}, of="BUSI")


class TestReadTable:
    def test_reads_byte_order_mark_and_semicolons(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfImage; Label\r\nA_1;Benign \r\nB_1\r\n")
        rows = read_table(tmp_path / "t.csv", ("Image", "Label"), of="X", delimiter=";")
        assert rows == [{"Image": "A_1", "Label": "Benign"}, {"Image": "B_1", "Label": ""}]

    def test_missing_column_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_text("Image,Size\n")
        with pytest.raises(DatasetError, match=r"got Image, Size; missing: Label"):
            read_table(tmp_path / "t.csv", ("Image", "Label"), of="X")

    @pytest.mark.parametrize("content", [None, b"\xff\xfe\x00a"])
    def test_missing_or_binary_file_is_named(self, tmp_path: Path, content: bytes | None) -> None:
        if content is not None:
            (tmp_path / "t.csv").write_bytes(content)
        with pytest.raises(DatasetError, match=r"expected the table t\.csv of X"):
            read_table(tmp_path / "t.csv", ("Image",), of="X")


@pytest.mark.parametrize(
    ("text", "pathology"), [("Benign", "benign"), (" MALIGNANT ", "malignant"), ("cyst", None)]
)
def test_parse_pathology(text: str, pathology: str | None) -> None:
    assert parse_pathology(text) == pathology
