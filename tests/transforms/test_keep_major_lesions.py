from collections.abc import Callable

import pytest
import torch
from monai.data import MetaTensor

from pipeline.transforms.keep_major_lesions import KeepMajorLesions, KeepMajorLesionsd


def make_mask() -> torch.Tensor:
    """Three components of 12, 6 and 2 px; the last one touches a corner of the second."""
    mask = torch.zeros(1, 8, 12)
    mask[0, 0:3, 0:4] = 1
    mask[0, 5:7, 6:9] = 1
    mask[0, 0, 10:12] = 1
    return mask


@pytest.mark.parametrize(
    ("share", "area"), [(0.0, 20), (0.1, 20), (0.4, 18), (0.5, 18), (0.51, 12)]
)
def test_component_below_the_share_is_cleared(share: float, area: int) -> None:
    item = KeepMajorLesionsd("pred", share=share)({"pred": make_mask()})
    assert item["pred"].sum() == area
    assert torch.equal(KeepMajorLesions(share=share)(make_mask()), item["pred"])


def test_diagonal_neighbours_are_one_component() -> None:
    mask = make_mask()
    mask[0, 7, 9] = 1
    kept = KeepMajorLesionsd("pred", share=0.55)({"pred": mask})["pred"]
    assert kept[0, 7, 9] == 1
    assert kept.sum() == 19


def test_empty_mask_stays_empty() -> None:
    item = KeepMajorLesionsd("pred", share=0.25)({"pred": torch.zeros(1, 3, 5)})
    assert item["pred"].sum() == 0


def test_input_other_keys_and_metadata_are_left_alone() -> None:
    mask = MetaTensor(make_mask(), meta={"frame": 3})
    data = {"pred": mask, "image": "x"}
    item = KeepMajorLesionsd("pred", share=1.0)(data)
    assert mask.sum() == 20
    assert item["image"] == "x"
    assert item["pred"].meta["frame"] == 3


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_share_outside_its_range(share: float) -> None:
    with pytest.raises(ValueError, match="expected a share from 0 to 1"):
        KeepMajorLesionsd("pred", share=share)


def test_tensor_on_a_gpu(on_gpu: Callable[[torch.Tensor], torch.Tensor]) -> None:
    kept = KeepMajorLesionsd("pred", share=0.51)({"pred": on_gpu(make_mask())})["pred"]
    assert kept.cpu().sum() == 12
