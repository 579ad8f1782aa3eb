"""What is said of a lesion, taken off an output of 2 x 2 pixels."""

import torch
from monai.data import MetaTensor

from pipeline.transforms import SplitJudgementsd

LESION = torch.tensor([[[0.9, 0.1], [0.5, 0.0]]])
MALIGNANT = torch.tensor([[[0.7, 0.6], [0.3, 1.0]]])


def test_second_channel_goes_to_its_key() -> None:
    item = SplitJudgementsd("pred")({"pred": torch.cat([LESION, MALIGNANT])})
    assert torch.equal(item["pred"], LESION)
    assert torch.equal(item["malignancy"], MALIGNANT)


def test_third_channel_goes_to_its_key() -> None:
    output = torch.cat([LESION, MALIGNANT, MALIGNANT / 2])
    item = SplitJudgementsd("pred")({"pred": output})
    assert torch.equal(item["pred"], LESION)
    assert torch.equal(item["malignancy"], MALIGNANT)
    assert torch.equal(item["presence"], MALIGNANT / 2)


def test_one_channel_gives_no_key() -> None:
    item = SplitJudgementsd("pred")({"pred": LESION})
    assert item.keys() == {"pred"}


def test_meta_stays() -> None:
    pred = MetaTensor(torch.cat([LESION, MALIGNANT]), meta={"a": 1})
    item = SplitJudgementsd("pred")({"pred": pred})
    assert item["pred"].meta["a"] == item["malignancy"].meta["a"] == 1
