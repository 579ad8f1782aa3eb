"""The copy for inference against the network it is made of."""

import pytest
import torch
from monai.networks.nets import UNet
from torch import nn

from pipeline.inferers.prepare_network import prepare_network
from pipeline.networks import AdaptiveBatchNorm2d

INPUT = torch.randn(2, 1, 32, 48, generator=torch.Generator().manual_seed(0))


def count(network: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.fixture
def network() -> nn.Module:
    """A UNet whose batch normalisations have seen something."""
    torch.manual_seed(0)
    network = UNet(2, 1, 2, channels=[4, 8, 8], strides=[2, 2], norm="batch", act="relu")
    for _ in range(3):
        network(torch.randn(4, 1, 32, 48) * 3 + 1)
    return network.eval()


def test_result_is_that_of_the_network(network: nn.Module) -> None:
    with torch.no_grad():
        prepared = prepare_network(network)(INPUT)
        assert torch.allclose(prepared, network(INPUT), atol=1e-4)


def test_normalisation_goes_into_the_convolution_before_it(network: nn.Module) -> None:
    assert count(network, nn.BatchNorm2d) > 0
    # That behind a transposed convolution stays.
    assert count(prepare_network(network), nn.BatchNorm2d) == 1


def test_network_is_left_as_it_is(network: nn.Module) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    prepare_network(network, bf16=True)
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert all(weight.requires_grad for weight in network.parameters())


def test_dropout_between_them_does_not_matter() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Sequential(nn.Dropout(), nn.BatchNorm2d(2)))
    assert count(prepare_network(layers.eval()), nn.BatchNorm2d) == 0


def test_activation_between_them_keeps_them_apart() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.BatchNorm2d(2))
    assert count(prepare_network(layers.eval()), nn.BatchNorm2d) == 1


def test_adaptive_normalisation_stays() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), AdaptiveBatchNorm2d(2, share=0.5)).eval()
    with torch.no_grad():
        prepared = prepare_network(layers)(INPUT)
        assert torch.allclose(prepared, layers(INPUT), atol=1e-5)


def test_order_of_other_modules_is_not_guessed() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)
            self.norm = nn.BatchNorm2d(1)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.conv(self.norm(image))

    assert count(prepare_network(Backwards().eval()), nn.BatchNorm2d) == 1


def test_weights_in_bf16(network: nn.Module) -> None:
    prepared = prepare_network(network, bf16=True)
    assert {weight.dtype for weight in prepared.parameters()} == {torch.bfloat16}
