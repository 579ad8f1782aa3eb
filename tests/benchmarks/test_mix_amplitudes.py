"""Amplitudes are those of NumPy's transform, which computes them in another way."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mix_amplitudes import MixAmplitudes


def mix(images: torch.Tensor, seed: int = 0, **options: float) -> torch.Tensor:
    state = SimpleNamespace(batch={"image": images, "label": "as it is"})
    torch.manual_seed(seed)
    MixAmplitudes(**options)(SimpleNamespace(state=state))  # type: ignore[arg-type]
    assert state.batch["label"] == "as it is"
    return state.batch["image"]


def make_batch(count: int = 6) -> torch.Tensor:
    """Images of other contrast at other frequencies, of zero mean and unit variance."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randn(count, 1, 32, 48, generator=generator)
    images[::2] = torch.nn.functional.avg_pool2d(images[::2], 5, 1, 2)
    return (images - images.mean((1, 2, 3), True)) / images.std((1, 2, 3), keepdim=True)


def test_phases_stay_and_amplitudes_are_between_those_of_two_images() -> None:
    before = make_batch()
    after = mix(before, prob=1.0, band=0.5)
    spectra, mixed = (np.fft.rfft2(each[:, 0].double().numpy()) for each in (before, after))
    inside = (slice(None), slice(1, 16), slice(1, 24))  # real ones have no free phase
    np.testing.assert_allclose(np.angle(mixed / spectra)[inside], 0, atol=1e-3)
    amplitudes = np.abs(spectra)
    for number, image in enumerate(np.abs(mixed)):
        fits = []
        for other in amplitudes:
            # amplitude = scale * (own + share * (other - own)), by least squares
            basis = np.stack([amplitudes[number].ravel(), other.ravel()], axis=1)
            found, left, *_ = np.linalg.lstsq(basis, image.ravel(), rcond=None)
            fits.append((float(np.sum(left)), found))
        left, found = min(fits, key=lambda fit: fit[0])
        assert left < 1e-2 * (image**2).sum()
        assert (found > -1e-3).all()


def test_frequencies_above_the_band_stay_but_for_the_contrast() -> None:
    before = make_batch()
    after = mix(before, prob=1.0, band=0.1)
    high = np.abs(np.fft.fftfreq(32))[:, None] + np.zeros(25) > 0.1
    ratio = np.abs(np.fft.rfft2(after[:, 0].numpy())) / np.abs(np.fft.rfft2(before[:, 0].numpy()))
    for image in ratio:
        assert image[high].std() < 1e-2 * image[high].mean()
    assert not torch.allclose(after, before, atol=1e-2)


def test_contrast_and_brightness_are_normalised_again() -> None:
    after = mix(make_batch(), prob=1.0, band=0.5)
    torch.testing.assert_close(after.mean((1, 2, 3)), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(after.std((1, 2, 3)), torch.ones(6))


@pytest.mark.parametrize("seed", range(3))
def test_images_that_are_not_drawn_stay(seed: int) -> None:
    before = make_batch()
    torch.testing.assert_close(mix(before, seed, prob=0.0), before, atol=1e-4, rtol=0)
    changed = (mix(before, seed, prob=0.5) - before).abs().amax((1, 2, 3)) > 1e-3
    assert 0 < changed.sum() < 6
