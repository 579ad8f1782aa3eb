import numpy as np
import pytest
from PIL import Image

from pipeline.errors import WriteError
from pipeline.results.result import Result
from pipeline.writers import PngMask

MASK = np.zeros((6, 9), bool)
MASK[1:3, 2:7] = True


def make_result(file: str = "a/x.dcm", frame: int | None = None, mask=MASK) -> Result:
    image = np.full(mask.shape, 80, np.float32)
    return Result(file, frame, image, mask, (), 0.5, ())


def test_white_where_there_is_lesion(tmp_path) -> None:
    PngMask(tmp_path).write(make_result())
    with Image.open(tmp_path / "masks" / "a" / "x.dcm.png") as file:
        assert (file.mode, file.size) == ("L", (9, 6))
        assert np.array_equal(np.asarray(file), MASK * np.uint8(255))


def test_frame_has_a_file_of_its_own(tmp_path) -> None:
    PngMask(tmp_path).write(make_result(frame=12))
    assert (tmp_path / "masks" / "a" / "x.dcm" / "0012.png").is_file()


def test_same_mask_gives_the_same_bytes(tmp_path) -> None:
    PngMask(tmp_path / "1").write(make_result())
    PngMask(tmp_path / "2").write(make_result())
    first, second = sorted(tmp_path.rglob("*.png"))
    assert first.read_bytes() == second.read_bytes()


def test_folder_that_cannot_be_made(tmp_path) -> None:
    (tmp_path / "masks").touch()
    with pytest.raises(WriteError, match="expected to write"):
        PngMask(tmp_path).write(make_result())
