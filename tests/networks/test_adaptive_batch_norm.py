"""Batch normalisation with a share of the image's own statistics."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.networks import AdaptiveBatchNorm2d


def make_images(seed: int, count: int = 3) -> torch.Tensor:
    """Images of four channels that differ in mean and deviation."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 4, 6, 5, generator=generator)
    return images * torch.arange(1.0, count + 1)[:, None, None, None] + 2


def make_norm(share: float) -> AdaptiveBatchNorm2d:
    """One that has learnt statistics, a scale and a shift."""
    norm = AdaptiveBatchNorm2d(4, eps=1e-3, momentum=0.3, share=share)
    norm.load_state_dict(
        {
            "weight": torch.tensor([1.0, 2.0, 0.5, -1.0]),
            "bias": torch.tensor([0.0, 1.0, -2.0, 3.0]),
            "running_mean": torch.tensor([0.5, -1.0, 4.0, 2.0]),
            "running_var": torch.tensor([1.0, 9.0, 0.25, 4.0]),
            "num_batches_tracked": torch.tensor(7),
        }
    )
    return norm.eval()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_values_of_an_independent_computation(share: float) -> None:
    norm, images = make_norm(share), make_images(0)
    values = images.numpy().astype(float)
    state = {name: value.numpy().astype(float) for name, value in norm.state_dict().items()}
    expected = np.empty_like(values)
    for image, channel in np.ndindex(3, 4):
        pixels = values[image, channel]
        mean = (1 - share) * state["running_mean"][channel] + share * pixels.mean()
        variance = (1 - share) * state["running_var"][channel] + share * pixels.var()
        normalised = (pixels - mean) / np.sqrt(variance + 1e-3)
        expected[image, channel] = normalised * state["weight"][channel] + state["bias"][channel]
    assert norm(images).detach().numpy() == pytest.approx(expected, abs=1e-5)


def test_without_a_share_it_is_batch_norm() -> None:
    norm, plain = make_norm(0.0), nn.BatchNorm2d(4, eps=1e-3).eval()
    plain.load_state_dict(norm.state_dict())
    assert torch.allclose(norm(make_images(1)), plain(make_images(1)), atol=1e-6)


def test_it_trains_as_batch_norm_does() -> None:
    norm, plain = make_norm(0.5).train(), nn.BatchNorm2d(4, eps=1e-3, momentum=0.3).train()
    plain.load_state_dict(norm.state_dict())
    for seed in range(3):
        outputs = [layer(make_images(seed)) for layer in (norm, plain)]
        assert torch.equal(*outputs)
        for output in outputs:
            (output**2).sum().backward()
    assert torch.equal(norm.weight.grad, plain.weight.grad)  # type: ignore[arg-type]
    for name, value in plain.state_dict().items():
        assert torch.equal(norm.state_dict()[name], value), name


def test_images_of_a_batch_do_not_change_each_other() -> None:
    norm, images = make_norm(0.3), make_images(2)
    alone = torch.cat([norm(image[None]) for image in images])
    assert torch.allclose(norm(images), alone, atol=1e-6)


def test_evaluation_learns_nothing() -> None:
    norm = make_norm(0.3)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    norm(make_images(3))
    assert all(torch.equal(before[name], value) for name, value in norm.state_dict().items())


def test_type_and_layout_stay() -> None:
    norm, images = make_norm(0.3), make_images(4)
    expected = norm(images)
    low = images.bfloat16().to(memory_format=torch.channels_last)
    output = norm.bfloat16()(low)
    assert output.dtype == torch.bfloat16
    assert output.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(output.float(), expected, atol=0.1)


def test_torchscript_computes_the_same() -> None:
    norm, images = make_norm(0.3), make_images(5)
    scripted = torch.jit.script(norm)  # type: ignore[no-untyped-call]
    assert torch.equal(scripted(images), norm(images))


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match="expected a share between 0 and 1"):
        AdaptiveBatchNorm2d(4, share=share)


def test_a_quarter_is_the_image_s_own_by_default() -> None:
    assert AdaptiveBatchNorm2d(4).share == 0.25
