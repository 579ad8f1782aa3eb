"""The network on small random images."""

import pytest
import torch

from pipeline.networks import LesionUNet


@pytest.fixture(scope="module")
def network() -> LesionUNet:
    torch.manual_seed(0)
    return LesionUNet(decoder_channels=(32, 16, 8, 8), head_channels=16)


@pytest.mark.parametrize("size", [(64, 64), (96, 160)])
def test_three_channels_of_the_size_of_the_image(
    network: LesionUNet, size: tuple[int, int]
) -> None:
    with torch.no_grad():
        assert network.eval()(torch.randn(2, 1, *size)).shape == (2, 3, *size)


def test_images_of_a_batch_do_not_change_each_other(network: LesionUNet) -> None:
    images = torch.randn(2, 1, 64, 64)
    with torch.no_grad():
        both = network.eval()(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(both, alone, atol=1e-5)


def test_what_is_judged_does_not_change_the_outline(network: LesionUNet) -> None:
    network.train().zero_grad()
    network(torch.randn(2, 1, 64, 64))[:, 1:].square().sum().backward()
    reached = {
        name.partition(".")[0]
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    }
    assert reached == {"judging_head"}


def test_judging_head_is_trained_in_float32_and_used_in_bfloat16(network: LesionUNet) -> None:
    """In bfloat16, gradients of its dilated convolution are random on some CPUs."""
    types = []
    hook = network.judging_head.blocks[1][0].register_forward_hook(
        lambda _, inputs, output: types.append((inputs[0].dtype, output.dtype))
    )
    for mode in (True, False):
        with torch.autocast("cpu", torch.bfloat16):
            network.train(mode)(torch.randn(2, 1, 64, 64))
    hook.remove()
    assert types[0] == (torch.float32, torch.float32)
    assert types[1][1] == torch.bfloat16


def test_judgement_sees_the_outline_and_the_whole_image(network: LesionUNet) -> None:
    sizes = ((40, 16), (112, 8), (320, 4), (32, 8), (16, 16), (8, 32))
    features = [torch.randn(1, channels, side, side) for channels, side in sizes]
    far = [level.clone() for level in features]
    far[2][..., -1, -1] += 5
    lesion = torch.full((1, 1, 128, 128), -5.0)
    marked = lesion.clone()
    marked[..., 64:80, 64:80] = 5.0
    head = network.eval().judging_head
    with torch.no_grad():
        plain = head(features, lesion)
        assert (head(far, lesion) - plain).abs()[..., :16, :16].max() > 1e-3
        assert (head(features, marked) - plain).abs()[..., 64:80, 64:80].max() > 1e-3


def test_it_can_be_scripted(network: LesionUNet) -> None:
    image = torch.randn(1, 1, 64, 64)
    scripted = torch.jit.script(network.eval())
    with torch.no_grad():
        assert torch.allclose(scripted(image), network(image), atol=1e-5)
