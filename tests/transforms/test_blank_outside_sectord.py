"""Blanking around a sector; images are 1 x 60 x 80, and every pixel of a map is a half."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import BlankOutsideSectord

ROWS, COLUMNS = np.indices((60, 80))
DEPTH = np.hypot(ROWS + 20, COLUMNS - 30)
ANGLE = np.arctan2(COLUMNS - 30, ROWS + 20)
SECTOR = (DEPTH > 30) & (DEPTH < 75) & (ANGLE > -0.5) & (ANGLE < 0.7)
"""Of a curved probe whose middle is not that of the picture; black above, beside and below it."""


def make_image(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(60, 200, SECTOR.shape)
    return np.where(SECTOR, noise, 0).astype(np.float32)


def make_black_corners() -> np.ndarray:
    """Tissue, and two pixels beside it."""
    image = np.full((60, 80), 100, dtype=np.float32)
    image[0, [0, -1]] = 0
    return image


def blank(image: np.ndarray, margin: int = 0, **extra: torch.Tensor) -> torch.Tensor:
    item = {"image": torch.from_numpy(image)[None], "pred": torch.full((2, *image.shape), 0.5)}
    return BlankOutsideSectord("pred", margin=margin)(item | extra)["pred"]


def test_black_around_a_sector_is_blanked_and_tissue_stays() -> None:
    blanked = blank(make_image()).numpy()
    above = ROWS < 40
    assert np.array_equal(blanked[0][above], np.where(SECTOR, 0.5, 0)[above])
    assert np.all(blanked[0][SECTOR] == 0.5)
    assert np.array_equal(blanked[0], blanked[1])


def test_black_that_touches_no_upper_edge_stays() -> None:
    """A cyst, a shadow down to the lower edge, and one that is cut by the left edge."""
    image = make_black_corners()
    image[20:30, 30:45] = image[35:, 60:70] = image[10:20, :8] = 0
    assert torch.all(blank(image)[:, 1:] == 0.5)


@pytest.mark.parametrize("corner", [0, -1])
def test_cyst_at_the_upper_edge_of_a_picture_without_black_corners_stays(corner: int) -> None:
    image = make_black_corners()
    image[0, corner] = 100
    image[:10, 5:20] = 0
    assert torch.all(blank(image) == 0.5)


def test_margin_around_the_black_is_blanked_too() -> None:
    image = make_black_corners()
    image[:10, 15:30] = 0
    expected = np.full((60, 80), 0.5)
    expected[:13, 12:33] = expected[:4, :4] = expected[:4, -4:] = 0
    assert np.array_equal(blank(image, margin=3)[0].numpy(), expected)


@pytest.mark.parametrize(("grey", "kept"), [(2, 0.0), (3, 0.5)])
def test_two_levels_of_255_are_black(grey: int, kept: float) -> None:
    image = np.full((60, 80), 255, dtype=np.float32)
    image[0, [0, -1]] = 0
    image[:10, 5:20] = grey
    assert blank(image)[0, 5, 10] == kept


def test_shift_and_scale_of_the_grey_values_change_nothing() -> None:
    image = make_image()
    assert torch.equal(blank((image - 77) / 31), blank(image))


@pytest.mark.parametrize(("columns", "kept"), [(39, 0.0), (42, 0.5)])
def test_ground_that_is_black_for_the_most_part_stays(columns: int, kept: float) -> None:
    image = make_black_corners()
    image[:, :columns] = 0
    assert torch.all(blank(image, margin=2)[:, :, : columns + 2] == kept)


def test_input_stays_and_metadata_too() -> None:
    pred = MetaTensor(torch.full((2, 60, 80), 0.5), meta={"kept": 7})
    blanked = blank(make_image(), pred=pred)
    assert torch.all(pred == 0.5)
    assert isinstance(blanked, MetaTensor)
    assert blanked.meta["kept"] == 7


def test_another_image_key() -> None:
    item = {
        "image": torch.full((1, 60, 80), 9.0),
        "other": torch.from_numpy(make_image())[None],
        "pred": torch.ones(1, 60, 80),
    }
    blanked = BlankOutsideSectord("pred", image_key="other")(item)["pred"]
    assert blanked[0, 0, 30] == 0
    assert blanked[0, 40, 30] == 1


def test_cyst_that_touches_the_black_at_a_corner_stays() -> None:
    image = make_black_corners()
    image[:10, 5:20] = image[10:25, 20:40] = 0
    blanked = blank(image)
    assert torch.all(blanked[:, 10:25, 20:40] == 0.5)
    assert torch.all(blanked[:, :10, 5:20] == 0)


def test_tensors_on_a_gpu(on_gpu: Callable[[torch.Tensor], torch.Tensor]) -> None:
    image = make_image()
    item = {"image": on_gpu(torch.from_numpy(image)[None]), "pred": on_gpu(torch.ones(1, 60, 80))}
    blanked = BlankOutsideSectord("pred", margin=0)(item)["pred"]
    assert torch.equal(blanked.cpu(), 2 * blank(image)[:1])
