from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One picture twice, another one once, and two equal masks."""
    for number, name in enumerate(("a.png", "sub/b.png", "c.png", "a_mask.png", "c_mask.png")):
        coarse = np.random.default_rng(number == 2).integers(0, 256, (8, 8), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC)
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(tmp_path / "set" / name)
    return tmp_path / "set"


class TestDuplicates:
    def test_prints_and_writes_groups(
        self, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        output = tmp_path / "groups.csv"
        assert main(["duplicates", str(folder), "--output", str(output)]) == 0
        assert output.read_text() == "group,file\n1,a.png\n1,sub/b.png\n"
        printed = capsys.readouterr().out
        assert "3 images, 1 groups of near-copies with 2 images" in printed

    def test_exclude_takes_the_place_of_the_masks(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main(["duplicates", str(folder), "--exclude", "b*", "--exclude", "a_*"])
        assert "3 images, 1 groups" in capsys.readouterr().out

    def test_unreadable_file_ends_with_2(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "c.png").write_bytes(b"no image")
        assert main(["duplicates", str(folder)]) == 2
        captured = capsys.readouterr()
        assert "1 groups" in captured.out
        assert "not read: c.png" in captured.err

    def test_folder_without_images_ends_with_1(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["duplicates", str(tmp_path / "nowhere")]) == 1
        assert "expected images in a folder, got none" in capsys.readouterr().err
