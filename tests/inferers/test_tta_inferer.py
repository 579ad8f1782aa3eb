"""How the network is called; inputs of 2 x 1 x 4 x 6 that are not symmetric."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceCELoss
from monai.networks.nets import UNet
from orientation_phantom import make_orientation_phantom

from pipeline.inferers import TTAInferer, tta_inferer

INPUT = torch.arange(48.0).reshape(2, 1, 4, 6)


@pytest.fixture
def fast_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this CPU computes in bfloat16, which it does at least slowly."""
    monkeypatch.setattr(tta_inferer, "has_fast_bf16", lambda: True)


def sum_from_the_left(image: torch.Tensor) -> torch.Tensor:
    return image.cumsum(-1)


def test_without_flip_the_network_is_called_once() -> None:
    calls = []
    TTAInferer(bf16=False)(INPUT, lambda image: calls.append(image) or image)
    assert len(calls) == 1
    assert torch.equal(calls[0], INPUT)


def test_flip_averages_left_to_right_and_back() -> None:
    result = TTAInferer(bf16=False, flip=True)(INPUT, sum_from_the_left)
    values = INPUT.numpy()
    from_the_right = values[..., ::-1].cumsum(-1)[..., ::-1]
    assert np.allclose(result.numpy(), (values.cumsum(-1) + from_the_right) / 2)


def test_flip_leaves_rows_alone() -> None:
    rows = torch.arange(4.0)[:, None].expand(4, 6)
    result = TTAInferer(bf16=False, flip=True)(INPUT, lambda image: image * 0 + rows)
    assert torch.equal(result, rows.expand(2, 1, 4, 6))


def test_arguments_reach_the_network() -> None:
    inferer = TTAInferer(bf16=False, flip=True)
    result = inferer(INPUT, lambda image, shift, *, scale: image * scale + shift, 3, scale=2)
    assert torch.equal(result, INPUT * 2 + 3)


def test_metadata_comes_through() -> None:
    image = MetaTensor(INPUT.clone(), meta={"frame": 7})
    result = TTAInferer(flip=True)(image, torch.nn.Conv2d(1, 1, 3, padding=1))
    assert isinstance(result, MetaTensor)
    assert result.meta["frame"] == 7


def test_bf16_is_used_where_it_is_fast(fast_bf16: None) -> None:
    seen = []
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    network.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    result = TTAInferer()(INPUT, network)
    assert seen == [torch.bfloat16]
    assert result.dtype == torch.float32


@pytest.mark.parametrize("is_fast", [True, False])
def test_float32_where_bf16_is_slow_or_unwanted(is_fast: bool, monkeypatch) -> None:
    monkeypatch.setattr(tta_inferer, "has_fast_bf16", lambda: is_fast)
    seen = []
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    network.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    TTAInferer(bf16=not is_fast)(INPUT, network)
    assert seen == [torch.float32]


@pytest.mark.parametrize("name", ["amx_bf16", "avx512_bf16"])
def test_instructions_that_make_bf16_fast(name: str, monkeypatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: True, "avx512": True})
    assert tta_inferer.has_fast_bf16()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: False, "avx512": True})
    assert not tta_inferer.has_fast_bf16()


def test_gradients_reach_the_weights(fast_bf16: None) -> None:
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    TTAInferer(flip=True)(INPUT, network).mean().backward()
    assert network.weight.grad is not None
    assert network.weight.grad.abs().sum() > 0


def make_frozen() -> torch.nn.Module:
    """Make a network whose result shows what was run, and how often."""
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(1, 2, 3, padding=1), torch.nn.BatchNorm2d(2), torch.nn.ReLU()
    return torch.nn.Sequential(*layers).eval()


class TestWithoutGradients:
    @pytest.fixture(autouse=True)
    def _no_grad(self) -> Iterator[None]:
        with torch.no_grad():
            yield

    @pytest.mark.parametrize("flip", [False, True])
    @pytest.mark.parametrize("count", [1, 2, 5])
    def test_result_is_the_same(self, count: int, flip: bool) -> None:
        network, image = make_frozen(), torch.randn(count, 1, 6, 8)
        expected = network(image)
        if flip:
            expected = (expected + network(image.flip(-1)).flip(-1)) / 2
        result = TTAInferer(bf16=False, flip=flip)(image, network)
        assert torch.allclose(result, expected, atol=1e-6)
        assert result.is_contiguous()

    def test_changed_weights_are_seen(self) -> None:
        network, inferer = make_frozen(), TTAInferer(bf16=False)
        inferer(INPUT, network)
        network[0].weight.mul_(2)
        assert torch.allclose(inferer(INPUT, network), network(INPUT), atol=1e-4)
        network.load_state_dict(make_frozen().state_dict())
        assert torch.allclose(inferer(INPUT, network), network(INPUT), atol=1e-4)

    def test_changed_statistics_are_seen(self) -> None:
        network, inferer = make_frozen(), TTAInferer(bf16=False)
        inferer(INPUT, network)
        network[1].running_mean.add_(5)
        assert torch.allclose(inferer(INPUT, network), network(INPUT), atol=1e-4)

    def test_another_network_is_seen(self) -> None:
        inferer = TTAInferer(bf16=False)
        inferer(INPUT, make_frozen())
        other = torch.nn.Conv2d(1, 1, 1).eval()
        assert torch.allclose(inferer(INPUT, other), other(INPUT), atol=1e-5)

    def test_network_that_trains_is_run_itself(self) -> None:
        network = make_frozen().train()
        TTAInferer(bf16=False)(INPUT, network)
        assert int(network[1].num_batches_tracked) == 1

    def test_network_without_weights_is_not_rounded(self, fast_bf16: None) -> None:
        image = INPUT + 0.001
        assert torch.equal(TTAInferer()(image, torch.nn.Identity().eval()), image)

    def test_bf16_is_used(self, fast_bf16: None) -> None:
        network, seen = make_frozen(), []
        network[0].register_forward_hook(lambda module, args, out: seen.append(out.dtype))
        network[2].register_forward_hook(lambda module, args, out: seen.append(out.dtype))
        assert TTAInferer(flip=True)(INPUT, network).dtype == torch.float32
        assert set(seen) == {torch.bfloat16}

    def test_metadata_comes_through(self) -> None:
        image = MetaTensor(INPUT.clone(), meta={"frame": 7})
        result = TTAInferer()(image, make_frozen())
        assert isinstance(result, MetaTensor)
        assert result.meta["frame"] == 7


def test_layers_get_plain_tensors() -> None:
    seen = []
    TTAInferer()(MetaTensor(INPUT.clone()), lambda image: seen.append(type(image)) or image)
    assert seen == [torch.Tensor]


def dice(mask: torch.Tensor, label: torch.Tensor) -> float:
    return float(2 * (mask & label).sum() / (mask.sum() + label.sum()))


def test_bf16_masks_are_as_good_as_those_of_float32(fast_bf16: None) -> None:
    """A small UNet after a few steps on phantoms finds them, in either precision alike."""
    torch.manual_seed(0)
    image, label = make_orientation_phantom(64, 64)
    axes = [(slice(None), slice(None)), (slice(None, None, -1), slice(None))]
    axes += [(slice(None), slice(None, None, -1)), (slice(None, None, -1),) * 2]
    noise = np.random.default_rng(0).normal(0, 25, (4, 64, 64))
    images = torch.tensor(np.stack([image[axis] for axis in axes]) + noise)[:, None].float()
    images = (images - images.mean()) / images.std()
    labels = torch.tensor(np.stack([label[axis] for axis in axes]))[:, None]
    network = UNet(2, 1, 1, channels=[8, 16, 32], strides=[2, 2], num_res_units=1)
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    loss = DiceCELoss(sigmoid=True)
    for _ in range(50):
        optimizer.zero_grad()
        loss(network(images), labels.float()).backward()
        optimizer.step()
    network.eval()
    with torch.no_grad():
        scores = [
            dice(TTAInferer(bf16=bf16, flip=True)(images, network) > 0, labels)
            for bf16 in (True, False)
        ]
    assert min(scores) > 0.9
    assert abs(scores[0] - scores[1]) < 0.001
