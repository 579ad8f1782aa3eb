from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dataset_files import SHAPE, Draw, draw_box
from PIL import Image

from pipeline.errors import ReadError, WriteError
from pipeline.prepare.case import Case
from pipeline.prepare.labels import write_label


@pytest.fixture
def case(tmp_path: Path, draw: Draw) -> Case:
    return Case(
        id="s/a",
        source="s",
        group="s:a",
        pathology="benign",
        image=draw(tmp_path / "a.png"),
        masks=(
            draw(tmp_path / "a_mask.png", draw_box(0, 0, 2, 3)),
            draw(tmp_path / "a_mask_1.png", draw_box(1, 2, 5, 9)),
        ),
    )


class TestWriteLabel:
    def test_label_is_the_union_as_grey_of_0_and_255(self, case: Case, tmp_path: Path) -> None:
        write_label(case, tmp_path / "out" / "a.png")
        expected = np.zeros(SHAPE, dtype=np.uint8)
        expected[0:2, 0:3] = 255
        expected[1:5, 2:9] = 255
        with Image.open(tmp_path / "out" / "a.png") as label:
            assert label.mode == "L"
            np.testing.assert_array_equal(np.asarray(label), expected)

    def test_normal_without_mask_gives_a_black_label(self, case: Case, tmp_path: Path) -> None:
        write_label(replace(case, pathology="normal", masks=()), tmp_path / "l.png")
        with Image.open(tmp_path / "l.png") as label:
            assert label.size == (SHAPE[1], SHAPE[0])
            assert label.getextrema() == (0, 0)

    def test_digest_is_that_of_the_pixels(self, case: Case, tmp_path: Path, draw: Draw) -> None:
        pixels = np.asarray(Image.open(case.image))
        colour = draw(tmp_path / "b.png", np.stack([pixels] * 3, axis=2))
        other = draw(tmp_path / "c.png", pixels // 2)
        digests = [
            write_label(replace(case, image=image), tmp_path / "l.png")
            for image in (case.image, colour, other)
        ]
        assert digests[0] == digests[1] != digests[2]

    def test_turned_mask_is_refused(self, case: Case, tmp_path: Path, draw: Draw) -> None:
        turned = draw(tmp_path / "t.png", draw_box(0, 0, 2, 3).T)
        with pytest.raises(ReadError, match="sizes of image and mask differ"):
            write_label(replace(case, masks=(turned,)), tmp_path / "l.png")

    def test_lesion_in_a_normal_image_is_refused(self, case: Case, tmp_path: Path) -> None:
        with pytest.raises(ReadError, match="normal image with a lesion"):
            write_label(replace(case, pathology="normal"), tmp_path / "l.png")

    def test_empty_lesion_is_refused(self, case: Case, tmp_path: Path, draw: Draw) -> None:
        empty = draw(tmp_path / "e.png", draw_box(0, 0, 0, 0))
        with pytest.raises(ReadError, match="empty mask"):
            write_label(replace(case, masks=(empty,)), tmp_path / "l.png")
        with pytest.raises(ReadError, match="without a mask"):
            write_label(replace(case, masks=()), tmp_path / "l.png")

    def test_damaged_image_is_refused(self, case: Case, tmp_path: Path) -> None:
        case.image.write_bytes(case.image.read_bytes()[:50])
        with pytest.raises(ReadError):
            write_label(case, tmp_path / "l.png")

    def test_several_pages_are_refused(self, case: Case, tmp_path: Path) -> None:
        page = Image.new("L", (9, 6))
        page.save(tmp_path / "p.tif", save_all=True, append_images=[page])
        with pytest.raises(ReadError, match="several frames"):
            write_label(replace(case, image=tmp_path / "p.tif"), tmp_path / "l.png")

    def test_leaves_nothing_behind_but_the_label(self, case: Case, tmp_path: Path) -> None:
        write_label(case, tmp_path / "out" / "a.png")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]

    def test_unwritable_folder_is_a_write_error(self, case: Case, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(WriteError, match="expected to write"):
            write_label(case, tmp_path / "file" / "a.png")
