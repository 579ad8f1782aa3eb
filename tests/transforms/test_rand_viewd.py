"""Views of an image of 64 x 64 pixels with a square lesion that is as bright in the image."""

import math

import pytest
import torch

from pipeline.transforms import RandViewd

LABEL = torch.zeros(1, 64, 64)
LABEL[0, 24:40, 24:40] = 1
IMAGE = LABEL * 200
STILL = {"zoom": 0.0, "stretch": 0.0, "rotate": 0.0, "shift": 0.0}


def apply(seed: int = 0, image: torch.Tensor = IMAGE, **options: float) -> dict:
    transform = RandViewd(["image", "label"], **{**STILL, **options})
    transform.set_random_state(seed=seed)
    return transform({"image": image, "label": LABEL, "id": "a"})


def test_nothing_to_change_changes_nothing() -> None:
    item = apply()
    assert torch.allclose(item["image"], IMAGE, atol=1e-3)
    assert torch.equal(item["label"], LABEL)
    assert item["id"] == "a"


def test_prob_0_returns_the_item() -> None:
    item = apply(prob=0.0, zoom=1.0)
    assert item["image"] is IMAGE


def test_label_stays_a_mask_and_goes_with_the_image() -> None:
    for seed in range(20):
        item = apply(seed, zoom=0.5, stretch=0.3, rotate=0.3, shift=0.2)
        assert set(item["label"].unique().tolist()) <= {0.0, 1.0}
        assert torch.equal(item["label"] > 0, item["image"] > 100)


@pytest.mark.parametrize("seed", range(8))
def test_zoom_is_as_often_in_as_out(seed: int) -> None:
    areas = [float(apply(100 * seed + n, zoom=0.4)["label"].sum()) for n in range(100)]
    larger = sum(area > LABEL.sum() for area in areas)
    assert 25 < larger < 75
    assert min(areas) >= 256 * math.exp(-0.8) * 0.85
    assert max(areas) <= 256 * math.exp(0.8) * 1.15


def test_stretch_keeps_the_area_and_changes_the_ratio() -> None:
    for seed in range(10):
        label = apply(seed, stretch=0.6)["label"][0]
        height, width = (int(label.any(dim=axis).sum()) for axis in (1, 0))
        assert height * width == pytest.approx(256, rel=0.2)
        assert math.exp(-0.7) < height / width < math.exp(0.7)


def test_shift_moves_the_centre_by_a_share_of_the_size() -> None:
    offsets = []
    for seed in range(40):
        rows, columns = torch.nonzero(apply(seed, shift=0.25)["label"][0], as_tuple=True)
        offsets += [float(rows.float().mean()) - 31.5, float(columns.float().mean()) - 31.5]
    assert max(offsets) == pytest.approx(16, abs=3)
    assert min(offsets) == pytest.approx(-16, abs=3)


def test_outside_is_black_or_mirrored() -> None:
    bright = torch.full((1, 64, 64), 100.0)
    images = [apply(seed, bright, shift=0.2)["image"] for seed in range(12)]
    assert {round(float(image.min())) for image in images} == {0, 100}


def test_rotation_keeps_the_shape_of_an_oblong_image() -> None:
    image = torch.zeros(1, 40, 80)
    image[0, 16:24, 36:44] = 255
    transform = RandViewd("image", zoom=0, stretch=0, rotate=1.5, shift=0)
    transform.set_random_state(seed=3)
    turned = transform({"image": image})["image"][0] > 127
    assert int(turned.sum()) == pytest.approx(64, rel=0.15)
