"""Blanking; images are 1 x 10 x 16 without any 0."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms import BlankOutsideRegiond

REGIONS = np.array([[2, 3, 9, 15], [0, 0, 0, 0]])
VALUES = torch.arange(1.0, 161.0).reshape(1, 10, 16)


def make_item() -> dict[str, MetaTensor]:
    image = MetaTensor(
        VALUES.clone(), meta={"region_parts": REGIONS, "region_known": True, "kept": 7}
    )
    return {"image": image, "other": image.clone()}


def test_outside_is_black_and_inside_unchanged() -> None:
    expected = torch.zeros_like(VALUES)
    expected[:, 2:9, 3:15] = VALUES[:, 2:9, 3:15]
    blanked = BlankOutsideRegiond("image")(make_item())["image"]
    assert torch.equal(blanked.as_tensor(), expected)


def test_every_region_stays() -> None:
    regions = np.array([[1, 2, 5, 7], [0, 9, 10, 16], [0, 0, 0, 0], [0, 0, 0, 0]])
    item = {
        "image": MetaTensor(VALUES.clone(), meta={"region_parts": regions, "region_known": True})
    }
    expected = torch.zeros_like(VALUES)
    expected[:, 1:5, 2:7] = VALUES[:, 1:5, 2:7]
    expected[:, :, 9:] = VALUES[:, :, 9:]
    assert torch.equal(BlankOutsideRegiond("image")(item)["image"].as_tensor(), expected)


def test_whole_frame_stays() -> None:
    meta = {"region_parts": np.array([[0, 0, 10, 16]]), "region_known": True}
    item = {"image": MetaTensor(VALUES.clone(), meta=meta)}
    assert torch.equal(BlankOutsideRegiond("image")(item)["image"].as_tensor(), VALUES)


def test_result_goes_where_it_is_wanted() -> None:
    result = BlankOutsideRegiond("image", output_key="original")(make_item())
    assert torch.equal(result["image"].as_tensor(), VALUES)
    assert torch.count_nonzero(result["original"]) == 7 * 12
    assert result["original"].meta["kept"] == 7


def test_pixels_are_shared_if_there_is_nothing_to_blank_but_not_what_is_noted() -> None:
    meta = {"region_parts": np.array([[0, 0, 10, 16]]), "region_known": True}
    item = {"image": MetaTensor(VALUES.clone(), meta=meta)}
    result = BlankOutsideRegiond("image", output_key="original")(item)
    assert result["original"].data_ptr() == result["image"].data_ptr()
    result["original"].meta["note"] = 1
    result["original"].applied_operations.append({})
    assert "note" not in result["image"].meta
    assert not result["image"].applied_operations


def test_input_and_other_keys_are_untouched() -> None:
    item = make_item()
    result = BlankOutsideRegiond("image")(item)
    assert torch.equal(item["image"].as_tensor(), VALUES)
    assert torch.equal(result["other"].as_tensor(), VALUES)


def test_metadata_stays() -> None:
    assert BlankOutsideRegiond("image")(make_item())["image"].meta["kept"] == 7


@pytest.mark.parametrize(("blank_unknown", "kept"), [(True, 0), (False, 160)])
def test_image_of_unknown_region_is_all_black_unless_wanted(blank_unknown: bool, kept: int) -> None:
    meta = {"region_parts": np.array([[0, 0, 10, 16]]), "region_known": False}
    item = {"image": MetaTensor(VALUES.clone(), meta=meta)}
    blanked = BlankOutsideRegiond("image", blank_unknown=blank_unknown)(item)["image"]
    assert torch.count_nonzero(blanked) == kept


def test_regions_of_another_key_count_whatever_is_known() -> None:
    item = make_item()
    item["image"].meta["region_known"] = False
    item["other"].meta["region_parts"] = np.array([[0, 0, 1, 1]])
    blank = BlankOutsideRegiond("other", region_key="image", blank_unknown=False)
    expected = torch.zeros_like(VALUES)
    expected[:, 2:9, 3:15] = VALUES[:, 2:9, 3:15]
    assert torch.equal(blank(item)["other"].as_tensor(), expected)


@pytest.mark.parametrize(("count", "kept"), [(1, 25 + 27 - 6), (2, 160)])
def test_only_regions_that_overlap_are_blanked(count: int, kept: int) -> None:
    parts = np.array([[0, 0, 5, 5], [3, 2, 6, 11], [0, 0, 0, 0]])
    meta = {"region_parts": parts, "region_known": True, "region_count": count}
    item = {"image": MetaTensor(VALUES.clone(), meta=meta)}
    blanked = BlankOutsideRegiond("image", only_overlapping=True)(item)["image"]
    assert torch.count_nonzero(blanked) == kept


def test_levels_are_rounded_and_take_a_byte() -> None:
    image = torch.tensor([[[-3.0, 7.4, 7.6], [9.0, 300.0, 9.0]]])
    parts = [[0, 0, 1, 3], [1, 1, 2, 2], [0, 0, 0, 0]]
    meta = {"region_parts": parts, "region_known": True, "region_count": 2}
    transform = BlankOutsideRegiond("image", output_key="original", as_levels=True)
    original = transform({"image": MetaTensor(image, meta=meta)})["original"]
    assert original.dtype == torch.uint8
    assert original.tolist() == [[[0, 7, 8], [0, 255, 0]]]
