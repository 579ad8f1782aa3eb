"""Lesions by malignancy; masks are 1 x 3 x 7 with one lesion at each end."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from pipeline.errors import ConfigError
from pipeline.lesions import PlattScale
from pipeline.transforms import KeepTargetd

MASK = torch.zeros(1, 3, 7)
MASK[0, :, :2] = 1
MASK[0, 1:, 4:] = 1
MALIGNANCY = torch.full((1, 3, 7), 0.9)
MALIGNANCY[0, :, :3] = 0.2


def keep(target: str, **options) -> torch.Tensor:
    item = {"pred": MASK, "malignancy": MALIGNANCY}
    return KeepTargetd("pred", target=target, scale=PlattScale(), **options)(item)["pred"]


def test_target_lesion_keeps_all() -> None:
    assert torch.equal(keep("lesion"), MASK)


def test_target_malignant_keeps_those_above_the_threshold() -> None:
    expected = MASK.clone()
    expected[0, :, :2] = 0
    assert torch.equal(keep("malignant"), expected)


def test_threshold_is_that_of_the_mean_over_the_lesion() -> None:
    assert torch.equal(keep("malignant", threshold=0.15), MASK)
    assert not keep("malignant", threshold=0.95).any()


def test_scale_is_applied() -> None:
    item = {"pred": MASK, "malignancy": MALIGNANCY}
    scale = PlattScale(offset=5.0)
    assert torch.equal(KeepTargetd("pred", target="malignant", scale=scale)(item)["pred"], MASK)


def test_black_mask_and_meta_stay() -> None:
    pred = MetaTensor(torch.zeros(1, 3, 7), meta={"a": 1})
    item = {"pred": pred, "malignancy": MALIGNANCY}
    result = KeepTargetd("pred", target="malignant", scale=PlattScale())(item)["pred"]
    assert not np.asarray(result).any()
    assert result.meta["a"] == 1


def test_tensors_on_a_gpu(on_gpu: Callable[[torch.Tensor], torch.Tensor]) -> None:
    item = {"pred": on_gpu(MASK), "malignancy": on_gpu(MALIGNANCY)}
    result = KeepTargetd("pred", target="malignant", scale=PlattScale())(item)["pred"]
    assert torch.equal(result.cpu(), keep("malignant"))


def test_network_without_the_channel() -> None:
    transform = KeepTargetd("pred", target="malignant", scale=PlattScale())
    with pytest.raises(ConfigError, match="second channel"):
        transform({"pred": MASK})


def test_unknown_target() -> None:
    with pytest.raises(ConfigError, match="one of lesion, malignant, got 'cancer'"):
        KeepTargetd("pred", target="cancer", scale=PlattScale())


def test_lesion_at_the_threshold_is_kept() -> None:
    item = {"pred": MASK, "malignancy": MALIGNANCY}
    keep = KeepTargetd("pred", target="malignant", scale=lambda *_: 0.5, threshold=0.5)
    assert torch.equal(keep(item)["pred"], MASK)


def test_pixels_that_touch_at_a_corner_are_one_lesion() -> None:
    mask = torch.eye(2)[None]
    item = {"pred": mask, "malignancy": torch.tensor([[[0.9, 0.0], [0.0, 0.3]]])}
    keep = KeepTargetd("pred", target="malignant", scale=PlattScale())
    assert torch.equal(keep(item)["pred"], mask)
