"""Filtered images are those of SciPy's convolution, which computes them in another way."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from filter_randomly import FilterRandomly
from scipy.ndimage import correlate


def change(images: torch.Tensor, seed: int = 0, **options: float) -> torch.Tensor:
    state = SimpleNamespace(batch={"image": images, "label": "as it is"})
    torch.manual_seed(seed)
    FilterRandomly(**options)(SimpleNamespace(state=state))  # type: ignore[arg-type]
    assert state.batch["label"] == "as it is"
    return state.batch["image"]


def make_batch(count: int = 6) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    images = torch.randn(count, 1, 24, 32, generator=generator)
    return (images - images.mean((1, 2, 3), True)) / images.std((1, 2, 3), keepdim=True)


@pytest.mark.parametrize("size", [3, 5, 7])
def test_what_is_added_is_one_filter_of_the_image(size: int) -> None:
    before = make_batch()
    after = change(before, prob=1.0, sizes=(size,))
    for image, changed in zip(before[:, 0].numpy(), after[:, 0].numpy(), strict=True):
        # changed = sum of weight * shifted image + constant, by least squares
        shifts = []
        for place in np.ndindex(size, size):
            one = np.zeros((size, size))
            one[place] = 1
            shifts.append(correlate(image, one, mode="mirror").ravel())
        basis = np.stack([*shifts, np.ones(image.size)], axis=1)
        found, *_ = np.linalg.lstsq(basis, changed.ravel(), rcond=None)
        np.testing.assert_allclose(basis @ found, changed.ravel(), atol=1e-4)
        assert np.abs(found).argmax() == size * size // 2  # most is the image itself


def test_contrast_and_brightness_are_normalised_again() -> None:
    after = change(make_batch(), prob=1.0)
    torch.testing.assert_close(after.mean((1, 2, 3)), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(after.std((1, 2, 3)), torch.ones(6))


@pytest.mark.parametrize("seed", range(3))
def test_images_that_are_not_drawn_stay(seed: int) -> None:
    before = make_batch()
    torch.testing.assert_close(change(before, seed, prob=0.0), before)
    changed = (change(before, seed, prob=0.5) - before).abs().amax((1, 2, 3)) > 1e-3
    assert 0 < changed.sum() < 6


def test_what_is_added_has_a_highest_weight() -> None:
    before = make_batch()
    less, more = (change(before, prob=1.0, most=most) for most in (0.1, 0.7))
    assert ((less - before).std((1, 2, 3)) < 0.12).all()
    assert (more - before).std((1, 2, 3)).max() > 0.3
