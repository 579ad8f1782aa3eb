"""The head of presence on small random maps."""

import torch

from pipeline.networks.presence_head import PresenceHead

SIDES = (32, 16, 8, 16, 32)
CHANNELS = (3, 4, 5, 4, 2)


def make(seed: int = 0) -> tuple[PresenceHead, list[torch.Tensor]]:
    torch.manual_seed(seed)
    head = PresenceHead(CHANNELS, deepest=2)
    head.set_weights(torch.randn(sum(CHANNELS) + CHANNELS[2]), 0.7)
    maps = [torch.randn(1, *each) for each in zip(CHANNELS, SIDES, SIDES, strict=True)]
    return head, maps


def test_new_head_says_nothing() -> None:
    _, maps = make()
    assert not PresenceHead(CHANNELS, deepest=2)(maps, [64, 64]).any()


def test_mean_over_a_candidate_is_the_product_of_weights_and_description() -> None:
    head, maps = make()
    candidate = torch.zeros(64, 64, dtype=torch.bool)
    candidate[5:18, 20:41] = candidate[40:43, 3:60] = True
    mean = head(maps, [64, 64])[0, 0][candidate].mean()
    product = head.flatten_weights() @ head.describe(maps, candidate) + head.bias
    assert torch.allclose(mean, product, atol=1e-4)


def test_description_is_of_the_candidate_alone_but_for_the_whole_image() -> None:
    head, maps = make()
    candidate = torch.zeros(64, 64, dtype=torch.bool)
    candidate[:8, :8] = True
    before = head.describe(maps, candidate)
    for features in maps:
        features[..., features.shape[2] // 2 :, :] += 1
    after = head.describe(maps, candidate)
    inside = sum(CHANNELS)
    assert torch.equal(before[:inside], after[:inside])
    assert torch.allclose(after[inside:] - before[inside:], torch.full((CHANNELS[2],), 0.5))


def test_weights_come_back_as_they_were_set() -> None:
    head, _ = make()
    weights = torch.arange(float(sum(CHANNELS) + CHANNELS[2]))
    head.set_weights(weights, -2.0)
    assert torch.equal(head.flatten_weights(), weights)
    assert head.bias.item() == -2


def test_no_training_moves_it() -> None:
    head, maps = make()
    assert not head(maps, [64, 64]).requires_grad
