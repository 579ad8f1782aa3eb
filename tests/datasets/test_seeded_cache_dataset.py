"""A cache of three items; the random transform adds a number of 0 to 1."""

import pytest
import torch
from monai.data import DataLoader
from monai.transforms import Compose, MapTransform, RandomizableTransform

from pipeline.datasets import EpochSampler, SeededCacheDataset

DATA = [{"value": torch.tensor([float(number)])} for number in (10, 20, 30)]


class Count(MapTransform):
    """A deterministic transform that counts how often it is called."""

    def __init__(self) -> None:
        super().__init__("value")
        self.calls = 0

    def __call__(self, data):
        self.calls += 1
        return data


class AddRandom(RandomizableTransform, MapTransform):
    def __init__(self) -> None:
        MapTransform.__init__(self, "value")
        RandomizableTransform.__init__(self, 1.0)

    def __call__(self, data):
        self.randomize(None)
        return {"value": data["value"] + self.R.uniform(0, 1)}


def make_dataset(seed: int = 0) -> SeededCacheDataset:
    transform = Compose([AddRandom()])
    return SeededCacheDataset(DATA, transform, seed=seed, num_workers=1, progress=False)


def draw(dataset: SeededCacheDataset, *indices: int) -> list[float]:
    return [dataset[index]["value"].item() for index in indices]


def test_index_tells_item_and_epoch() -> None:
    values = draw(make_dataset(), *range(9))
    assert [int(value) for value in values] == [10, 20, 30] * 3
    assert len({value % 1 for value in values}) == 9


def test_order_of_calls_does_not_count() -> None:
    first, second = make_dataset(), make_dataset()
    assert draw(first, 0, 4, 8) == draw(second, 8, 4, 0)[::-1]


def test_same_index_gives_the_same_again() -> None:
    dataset = make_dataset()
    assert draw(dataset, 5) == draw(dataset, 5)


def test_another_seed_gives_something_else() -> None:
    assert draw(make_dataset(0), 5) != draw(make_dataset(1), 5)


def test_deterministic_transforms_run_once_an_item() -> None:
    count = Count()
    dataset = SeededCacheDataset(
        DATA, Compose([count, AddRandom()]), seed=0, num_workers=1, progress=False
    )
    draw(dataset, *range(9))
    assert count.calls == 3


def test_transforms_may_come_as_a_list() -> None:
    dataset = SeededCacheDataset(DATA, [AddRandom()], num_workers=1, progress=False)
    assert draw(dataset, 5) == draw(make_dataset(), 5)


def test_iteration_ends_behind_the_first_epoch() -> None:
    dataset = make_dataset()
    assert [item["value"].item() for item in dataset] == draw(dataset, 0, 1, 2)


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_do_not_change_an_epoch(workers: int) -> None:
    dataset = make_dataset()
    sampler = EpochSampler(dataset)
    loader = DataLoader(dataset, sampler=sampler, num_workers=workers)
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        values = [batch["value"].item() for batch in loader]
        assert values == draw(make_dataset(), *sampler)
