"""The same as MONAI's resizing with anti-aliasing, there and back."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Invertd, Resized

from pipeline.transforms import ResizeSmoothly, ResizeSmoothlyd

SIZES = [(300, 500), (563, 712), (64, 48), (40, 31), (64, 200), (65, 47), (7, 3)]
TARGET = (64, 48)


def make_image(size: tuple[int, int]) -> MetaTensor:
    generator = torch.Generator().manual_seed(1)
    return MetaTensor(torch.rand(2, *size, generator=generator) * 255)


@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_those_of_monai(size: tuple[int, int]) -> None:
    image = make_image(size)
    theirs = Resized("image", TARGET, mode="bilinear", anti_aliasing=True)({"image": image})
    ours = ResizeSmoothlyd("image", TARGET)({"image": image})
    torch.testing.assert_close(
        ours["image"].as_tensor(), theirs["image"].as_tensor(), rtol=0, atol=1e-3
    )
    assert np.allclose(ours["image"].affine, theirs["image"].affine)


@pytest.mark.parametrize("size", SIZES)
def test_a_prediction_comes_back_as_with_monai(size: tuple[int, int]) -> None:
    results = []
    for resize in (
        Resized("image", TARGET, mode="bilinear", anti_aliasing=True),
        ResizeSmoothlyd("image", TARGET),
    ):
        forward = Compose([resize])
        item = forward({"image": make_image(size)})
        item["pred"] = MetaTensor(torch.arange(64.0 * 48).reshape(1, *TARGET) / 3072)
        invert = Invertd("pred", forward, orig_keys="image", nearest_interp=False)
        results.append(invert(item)["pred"])
    theirs, ours = results
    assert ours.shape == (1, *size)
    torch.testing.assert_close(ours.as_tensor(), theirs.as_tensor())
    assert ours.applied_operations == []


def test_the_image_that_goes_in_is_left_alone() -> None:
    image = make_image((100, 90))
    before = image.clone()
    ResizeSmoothlyd("image", TARGET)({"image": image})
    assert torch.equal(image, before)
    assert image.applied_operations == []


def test_integers_become_float32() -> None:
    image = MetaTensor(torch.full((1, 128, 96), 7, dtype=torch.uint8))
    resized = ResizeSmoothlyd("image", TARGET)({"image": image})["image"]
    assert resized.dtype == torch.float32
    assert float(resized[0, 32, 24]) == pytest.approx(7, abs=1e-3)


def test_array_form_resizes_and_inverts_alike() -> None:
    resize = ResizeSmoothly(TARGET)
    small = resize(make_image((100, 90)))
    assert torch.equal(
        small, ResizeSmoothlyd("image", TARGET)({"image": make_image((100, 90))})["image"]
    )
    large = resize.inverse(small)
    assert large.shape == (2, 100, 90)
    assert large.applied_operations == []
