"""Crop and back; images are 1 x 10 x 16, their values all differ, as do the region's edges."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import CropToRegiond

REGION = np.array([2, 3, 9, 15])
VALUES = torch.arange(160.0).reshape(1, 10, 16)


def make_item() -> dict[str, MetaTensor]:
    image = MetaTensor(VALUES.clone(), meta={"region": REGION})
    return {"image": image, "label": MetaTensor(VALUES.clone() + 1000), "other": image.clone()}


def test_image_is_cut_to_rows_and_columns_of_the_region() -> None:
    cropped = CropToRegiond("image")(make_item())["image"]
    assert torch.equal(cropped.as_tensor(), VALUES[:, 2:9, 3:15])


def test_keys_share_the_region_of_the_image() -> None:
    cropped = CropToRegiond(["image", "label"])(make_item())
    assert torch.equal(cropped["label"].as_tensor(), VALUES[:, 2:9, 3:15] + 1000)


def test_other_keys_are_untouched() -> None:
    assert torch.equal(CropToRegiond("image")(make_item())["other"].as_tensor(), VALUES)


def test_item_is_not_changed_in_place() -> None:
    item = make_item()
    CropToRegiond("image")(item)
    assert item["image"].shape == (1, 10, 16)


def test_inverse_puts_the_image_back_and_fills_with_0() -> None:
    transform = CropToRegiond("image")
    back = transform.inverse(transform(make_item()))["image"]
    expected = torch.zeros_like(VALUES)
    expected[:, 2:9, 3:15] = VALUES[:, 2:9, 3:15]
    assert torch.equal(back.as_tensor(), expected)


@pytest.mark.parametrize("region", [[0, 0, 10, 16], [9, 15, 10, 16]])
def test_region_at_the_edges(region: list[int]) -> None:
    item = {"image": MetaTensor(VALUES, meta={"region": np.array(region)})}
    cropped = CropToRegiond("image")(item)["image"]
    assert torch.equal(cropped.as_tensor(), VALUES[:, region[0] : region[2], region[1] : region[3]])


def test_affine_follows_the_crop() -> None:
    cropped = CropToRegiond("image")(make_item())["image"]
    assert cropped.affine[:2, -1].tolist() == [2.0, 3.0]
