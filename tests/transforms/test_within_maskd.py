"""What is done in the window of a mask is what would be done to all of it."""

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, FillHolesd, RemoveSmallObjectsd

from pipeline.transforms import KeepMajorLesionsd, WithinMaskd

CLEAN_UP = [
    FillHolesd("pred"),
    RemoveSmallObjectsd("pred", min_size=4),
    KeepMajorLesionsd("pred", share=0.25),
]


@pytest.mark.parametrize("density", [0.02, 0.3, 0.6])
def test_result_is_that_of_the_whole_mask(density: float) -> None:
    for seed in range(30):
        generator = torch.Generator().manual_seed(seed)
        mask = torch.zeros(1, 24, 31)
        top, left = seed % 5, seed % 7  # 0 lies at the border
        part = mask[:, top : top + 14, left : left + 19]
        part[torch.rand(part.shape, generator=generator) < density] = 1
        whole = Compose(CLEAN_UP)({"pred": mask.clone()})["pred"]
        within = WithinMaskd("pred", CLEAN_UP)({"pred": mask.clone()})["pred"]
        assert torch.equal(torch.as_tensor(within), torch.as_tensor(whole)), seed


def test_a_hole_at_the_border_of_the_image_stays_open() -> None:
    mask = torch.tensor([[[1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]])
    assert torch.equal(WithinMaskd("pred", CLEAN_UP[:1])({"pred": mask})["pred"], mask)


def test_an_empty_mask_is_not_looked_at() -> None:
    def fail(_: object) -> None:
        pytest.fail("the transforms were called")

    mask = torch.zeros(1, 5, 4)
    assert WithinMaskd("pred", [fail])({"pred": mask})["pred"] is mask


def test_metadata_and_input_stay() -> None:
    ring = torch.ones(1, 3, 3)
    ring[0, 1, 1] = 0
    mask = MetaTensor(torch.nn.functional.pad(ring, (2, 1, 1, 2)), meta={"name": "x"})
    filled = WithinMaskd("pred", CLEAN_UP[:1])({"pred": mask})["pred"]
    assert int(filled.sum()) == 9
    assert int(mask.sum()) == 8
    assert filled.meta["name"] == "x"
