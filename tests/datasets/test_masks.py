from pathlib import Path

import numpy as np
import pytest
from dataset_files import draw_box
from PIL import Image

from pipeline.datasets.masks import read_foreground
from pipeline.errors import ReadError

BOX = draw_box(1, 2, 4, 7)


def _save(path: Path, mode: str) -> Path:
    grey = Image.fromarray(BOX.astype(np.uint8) * 255)
    if mode == "1":
        image = grey.convert("1")
    elif mode == "P":
        image = grey.convert("P")
    elif mode == "I;16":
        image = Image.fromarray(BOX.astype(np.uint16) * 65535)
    else:
        image = grey.convert(mode)
    image.save(path)
    return path


class TestReadForeground:
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_every_mode_gives_the_same_array(self, tmp_path: Path, mode: str) -> None:
        np.testing.assert_array_equal(read_foreground(_save(tmp_path / "m.png", mode)), BOX)

    @pytest.mark.parametrize("mode", ["LA", "RGBA"])
    def test_opaque_alpha_is_no_lesion(self, tmp_path: Path, mode: str) -> None:
        Image.new(mode, (9, 6), (0, 255) if mode == "LA" else (0, 0, 0, 255)).save(
            tmp_path / "m.png"
        )
        assert not read_foreground(tmp_path / "m.png").any()

    def test_transparent_lesion_is_lesion(self, tmp_path: Path) -> None:
        Image.new("RGBA", (9, 6), (255, 255, 255, 0)).save(tmp_path / "m.png")
        assert read_foreground(tmp_path / "m.png").all()

    def test_label_numbers_are_lesions(self, tmp_path: Path) -> None:
        labels = BOX.astype(np.uint8)
        labels[1, 2] = 3
        Image.fromarray(labels).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_dim_fringe_is_left_out(self, tmp_path: Path) -> None:
        grey = BOX.astype(np.uint8) * 255
        grey[0, 0] = 90
        Image.fromarray(grey).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_dark_mask_level_is_lesion(self, tmp_path: Path) -> None:
        Image.fromarray(BOX.astype(np.uint8) * 100).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_one_colour_channel_is_enough(self, tmp_path: Path) -> None:
        colour = np.zeros((*BOX.shape, 3), dtype=np.uint8)
        colour[BOX, 2] = 255
        Image.fromarray(colour).save(tmp_path / "m.png")
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), BOX)

    def test_stored_orientation_is_applied(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # Orientation: to be turned right by 90 degrees
        Image.fromarray(BOX.astype(np.uint8) * 255).save(tmp_path / "m.png", exif=exif)
        np.testing.assert_array_equal(read_foreground(tmp_path / "m.png"), np.rot90(BOX, -1))

    @pytest.mark.parametrize("keep", [0, 4, 40])
    def test_damaged_file_is_a_read_error(self, tmp_path: Path, keep: int) -> None:
        path = _save(tmp_path / "m.png", "L")
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(ReadError, match="mask cannot be read"):
            read_foreground(path)
