"""A large image is segmented on a grid of squares, and what is found goes back to its pixels."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import ShrinkLarged, shrink_larged

EMPTY = (0, 0, 0, 0)


def make_item(rows: int, columns: int, dtype: torch.dtype = torch.uint8) -> dict[str, MetaTensor]:
    values = np.random.default_rng(1).integers(0, 256, (1, rows, columns))
    box = np.array([3, 5, rows - 2, columns])
    meta = {
        "region": box,
        "regions": np.array([box, EMPTY]),
        "region_parts": np.array([box, EMPTY, EMPTY]),
        "mm_per_pixel": np.array([0.1, 0.2]),
        "spatial_shape": np.array([rows, columns]),
    }
    return {"image": MetaTensor(torch.as_tensor(values, dtype=dtype), meta=meta)}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrink_larged, "LARGE_IMAGE_PX", 4000)
    monkeypatch.setattr(shrink_larged, "_COARSE_PX", 1600)
    monkeypatch.setattr(shrink_larged, "_LINES", 3)


def test_other_images_are_left_alone() -> None:
    item = make_item(50, 80)
    assert ShrinkLarged("image")(item)["image"] is item["image"]


@pytest.mark.parametrize(("rows", "columns", "step"), [(51, 83, 2), (81, 79, 2), (82, 121, 4)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_squares_have_their_mean(rows: int, columns: int, step: int, dtype: torch.dtype) -> None:
    item = make_item(rows, columns, dtype)
    shrunk = ShrinkLarged("image")(item)["image"]
    h, w = rows // step, columns // step
    whole = item["image"][0, : h * step, : w * step].numpy().astype(np.float64)
    expected = whole.reshape(h, step, w, step).mean(axis=(1, 3))
    assert shrunk.dtype == torch.float32
    assert np.allclose(shrunk.numpy()[0], expected, atol=1e-4)
    box = [-(-3 // step), -(-5 // step), (rows - 2) // step, columns // step]
    assert shrunk.meta["region"].tolist() == box
    assert shrunk.meta["regions"].tolist() == [box, list(EMPTY)]
    assert shrunk.meta["region_parts"].tolist() == [box, list(EMPTY), list(EMPTY)]
    assert shrunk.meta["mm_per_pixel"].tolist() == [0.1 * step, 0.2 * step]
    assert list(shrunk.meta["spatial_shape"]) == [h, w]
    assert shrunk.meta["shrunk_by"] == step
    assert item["image"].meta["region"].tolist() == [3, 5, rows - 2, columns]
