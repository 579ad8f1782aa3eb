"""Batches of 64 x 128 pixels in a training of ten steps."""

import pytest
import torch
from ignite.engine import Engine

from pipeline.handlers import GrowImages

LABEL = torch.zeros(1, 2, 64, 128)
LABEL[:, 0, 16:48, 32:96] = 1
LABEL[:, 1] = -1


def run(**options: float) -> list[dict]:
    seen = []
    engine = Engine(lambda engine, batch: seen.append(batch))
    GrowImages(**options).attach(engine)
    batches = [{"image": torch.ones(1, 1, 64, 128), "label": LABEL, "id": "a"}] * 5
    engine.run(batches, max_epochs=2)
    return seen


def test_images_grow_to_their_size_in_steps_of_32() -> None:
    sizes = [tuple(batch["image"].shape[2:]) for batch in run(first=0.5, until=0.5)]
    assert sizes == [(32, 64), (32, 64), (32, 96), (64, 96), (64, 128), *[(64, 128)] * 5]


def test_label_goes_with_the_image_and_stays_codes() -> None:
    for batch in run():
        assert batch["label"].shape[2:] == batch["image"].shape[2:]
        assert set(batch["label"].unique().tolist()) == {-1.0, 0.0, 1.0}
        assert float(batch["label"][0, 0].mean()) == pytest.approx(0.25, abs=0.05)
        assert batch["id"] == "a"


def test_first_1_changes_nothing() -> None:
    assert all(batch["label"] is LABEL for batch in run(first=1.0))


@pytest.mark.parametrize("options", [{"first": 0}, {"first": 1.5}, {"until": -0.1}])
def test_shares_out_of_range(options: dict) -> None:
    with pytest.raises(ValueError, match="expected shares between 0 and 1"):
        GrowImages(**options)
