"""Pathology as a channel of the label."""

import pytest
import torch

from pipeline.transforms import AddMalignancyd

LABEL = torch.tensor([[[0.0, 1.0, 1.0]]])


@pytest.mark.parametrize(
    ("pathology", "channel"),
    [
        ("malignant", [0.0, 1.0, 1.0]),
        ("benign", [0.0, 0.0, 0.0]),
        ("unknown", [-1.0, -1.0, -1.0]),
        ("normal", [-1.0, -1.0, -1.0]),
    ],
)
def test_channel_of_each_pathology(pathology: str, channel: list[float]) -> None:
    label = AddMalignancyd("label")({"label": LABEL, "pathology": pathology})["label"]
    assert label.tolist() == [[[0.0, 1.0, 1.0]], [channel]]


def test_missing_pathology_is_unknown() -> None:
    assert AddMalignancyd("label")({"label": LABEL})["label"][1].unique().tolist() == [-1.0]


def test_other_keys_stay() -> None:
    item = {"label": LABEL, "pathology": "benign", "image": LABEL}
    assert AddMalignancyd("label")(item)["image"] is LABEL
    assert item["label"] is LABEL
