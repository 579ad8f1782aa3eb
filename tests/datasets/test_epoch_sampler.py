import pytest

from pipeline.datasets import EpochSampler

ITEMS = list("abcdefghij")


def draw(epoch: int, **options: int) -> list[int]:
    sampler = EpochSampler(ITEMS, **options)
    sampler.set_epoch(epoch)
    return list(sampler)


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_every_item_once_with_the_epoch_in_front(epoch: int) -> None:
    assert sorted(draw(epoch)) == list(range(10 * epoch, 10 * epoch + 10))


def test_order_depends_on_seed_and_epoch_alone() -> None:
    assert draw(3, seed=1) == draw(3, seed=1)
    assert draw(3, seed=1) != draw(3, seed=2)
    assert [index % 10 for index in draw(3)] != [index % 10 for index in draw(4)]


def test_order_is_shuffled() -> None:
    assert draw(0) != sorted(draw(0))


def test_processes_share_an_epoch() -> None:
    parts = [draw(2, num_replicas=2, rank=rank) for rank in (0, 1)]
    assert sorted(parts[0] + parts[1]) == list(range(20, 30))


def test_length_is_that_of_one_process() -> None:
    assert len(EpochSampler(ITEMS)) == 10
    assert len(EpochSampler(ITEMS, num_replicas=2, rank=0)) == 5
