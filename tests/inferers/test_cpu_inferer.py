"""How the network is called; inputs of 2 x 1 x 4 x 6 that are not symmetric."""

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceCELoss
from monai.networks.nets import UNet

from pipeline.datasets.phantom import make_orientation_phantom
from pipeline.inferers import CpuInferer, cpu_inferer

INPUT = torch.arange(48.0).reshape(2, 1, 4, 6)


@pytest.fixture
def fast_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that this CPU computes in bfloat16, which it does at least slowly."""
    monkeypatch.setattr(cpu_inferer, "has_fast_bf16", lambda: True)


def sum_from_the_left(image: torch.Tensor) -> torch.Tensor:
    return image.cumsum(-1)


def test_without_flip_the_network_is_called_once() -> None:
    calls = []
    CpuInferer(bf16=False)(INPUT, lambda image: calls.append(image) or image)
    assert len(calls) == 1
    assert torch.equal(calls[0], INPUT)


def test_flip_averages_left_to_right_and_back() -> None:
    result = CpuInferer(bf16=False, flip=True)(INPUT, sum_from_the_left)
    values = INPUT.numpy()
    from_the_right = values[..., ::-1].cumsum(-1)[..., ::-1]
    assert np.allclose(result.numpy(), (values.cumsum(-1) + from_the_right) / 2)


def test_flip_leaves_rows_alone() -> None:
    rows = torch.arange(4.0)[:, None].expand(4, 6)
    result = CpuInferer(bf16=False, flip=True)(INPUT, lambda image: image * 0 + rows)
    assert torch.equal(result, rows.expand(2, 1, 4, 6))


def test_arguments_reach_the_network() -> None:
    inferer = CpuInferer(bf16=False, flip=True)
    result = inferer(INPUT, lambda image, shift, *, scale: image * scale + shift, 3, scale=2)
    assert torch.equal(result, INPUT * 2 + 3)


def test_metadata_comes_through() -> None:
    image = MetaTensor(INPUT.clone(), meta={"frame": 7})
    result = CpuInferer(flip=True)(image, torch.nn.Conv2d(1, 1, 3, padding=1))
    assert isinstance(result, MetaTensor)
    assert result.meta["frame"] == 7


def test_bf16_is_used_where_it_is_fast(fast_bf16: None) -> None:
    seen = []
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    network.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    result = CpuInferer()(INPUT, network)
    assert seen == [torch.bfloat16]
    assert result.dtype == torch.float32


@pytest.mark.parametrize("is_fast", [True, False])
def test_float32_where_bf16_is_slow_or_unwanted(is_fast: bool, monkeypatch) -> None:
    monkeypatch.setattr(cpu_inferer, "has_fast_bf16", lambda: is_fast)
    seen = []
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    network.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    CpuInferer(bf16=not is_fast)(INPUT, network)
    assert seen == [torch.float32]


@pytest.mark.parametrize("name", ["amx_bf16", "avx512_bf16"])
def test_instructions_that_make_bf16_fast(name: str, monkeypatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: True, "avx512": True})
    assert cpu_inferer.has_fast_bf16()
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {name: False, "avx512": True})
    assert not cpu_inferer.has_fast_bf16()


def test_gradients_reach_the_weights(fast_bf16: None) -> None:
    network = torch.nn.Conv2d(1, 1, 3, padding=1)
    CpuInferer(flip=True)(INPUT, network).mean().backward()
    assert network.weight.grad is not None
    assert network.weight.grad.abs().sum() > 0


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
            dice(CpuInferer(bf16=bf16, flip=True)(images, network) > 0, labels)
            for bf16 in (True, False)
        ]
    assert min(scores) > 0.9
    assert abs(scores[0] - scores[1]) < 0.001
