"""The larger encoder; images are 1 x 64 x 96 at most."""

import torch
from encoders import EfficientNetLite2
from monai.networks.nets import FlexibleUNet

from pipeline.networks import AdaptiveBatchNorm2d, LesionUNet

PARAMETERS_OF_THE_PAPER = 6_092_072
"""EfficientNet-Lite2 with its classifier, as published with the weights."""

CLASSIFIER = 352 * 1280 + 2 * 1280 + 1280 * 1000 + 1000


def test_size_is_that_of_the_published_network() -> None:
    size = sum(each.numel() for each in EfficientNetLite2(in_channels=3).parameters())
    assert size == PARAMETERS_OF_THE_PAPER - CLASSIFIER


def test_features_halve_the_image_five_times() -> None:
    with torch.no_grad():
        features = EfficientNetLite2().eval()(torch.zeros(1, 1, 64, 96))
    assert [tuple(each.shape[1:]) for each in features] == [
        (16, 32, 48),
        (24, 16, 24),
        (48, 8, 12),
        (120, 4, 6),
        (352, 2, 3),
    ]


def test_networks_take_it_by_name() -> None:
    plain = FlexibleUNet(1, 1, "efficientnet-lite2", decoder_channels=(16, 8, 8, 8, 8))
    assert not any(type(layer) is AdaptiveBatchNorm2d for layer in plain.modules())
    network = LesionUNet(
        backbone="efficientnet-lite2-adaptive", decoder_channels=(16, 8, 8, 8)
    ).eval()
    assert any(type(layer) is AdaptiveBatchNorm2d for layer in network.modules())
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 3, 64, 64)
