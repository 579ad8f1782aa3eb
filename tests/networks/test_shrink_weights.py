"""What a file of weights holds, and what a network makes of it."""

import io

import torch

from pipeline.networks.shrink_weights import shrink_weights


def make() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(8, 32, 3), torch.nn.BatchNorm2d(32))


def test_kernels_alone_are_rounded_and_the_network_takes_them_back() -> None:
    network, other = make(), make()
    network[0].weight.data[0, 0, 0, 0] = 1 + 2**-11 + 2**-13  # between two of float16
    other.load_state_dict(shrink_weights(network.state_dict()))
    assert other[0].weight.dtype == torch.float32
    assert other[0].weight[0, 0, 0, 0] == 1 + 2**-10
    assert torch.allclose(other[0].weight, network[0].weight, rtol=2**-11, atol=2**-24)
    assert torch.equal(other[0].bias, network[0].bias)
    assert torch.equal(other[1].running_var, network[1].running_var)


def test_what_was_shrunk_is_the_same_when_it_is_shrunk_again() -> None:
    network = make()
    first = shrink_weights(network.state_dict())
    network.load_state_dict(first)
    second = shrink_weights(network.state_dict())
    assert all(torch.equal(second[name], value) for name, value in first.items())


def test_file_is_half_as_large() -> None:
    state = torch.nn.Conv2d(64, 64, 3).state_dict()
    sizes = []
    for content in (state, shrink_weights(state)):
        torch.save(content, buffer := io.BytesIO())
        sizes.append(buffer.tell())
    assert sizes[1] < 0.55 * sizes[0]


def test_kernel_beyond_the_range_stays_as_it_is() -> None:
    kernel = torch.tensor([[1.0, 70_000.0]])
    assert torch.equal(shrink_weights({"kernel": kernel})["kernel"], kernel)
