"""The order of an epoch depends on seed and epoch alone, so that a resumed run repeats it."""

from collections.abc import Iterator, Sized

from torch.utils.data import DistributedSampler


class EpochSampler(DistributedSampler[int]):
    """Shuffle by seed and epoch, and pass the epoch on to the data set.

    The indices are ``epoch * len(dataset) + i``; `SeededCacheDataset` takes them apart. MONAI's
    engines call `set_epoch` of every `DistributedSampler` when an epoch starts.

    Args:
        dataset: what to draw from; every item once an epoch, but for what is left over where it
            does not share out evenly among the processes.
        seed: of the order.
        num_replicas: number of processes that share an epoch.
        rank: of this process.

    Examples:
        >>> sampler = EpochSampler([10, 11, 12])
        >>> sampler.set_epoch(2)
        >>> sorted(sampler)
        [6, 7, 8]
    """

    def __init__(
        self, dataset: Sized, *, seed: int = 0, num_replicas: int = 1, rank: int = 0
    ) -> None:
        super().__init__(
            dataset,  # type: ignore[arg-type]
            num_replicas=num_replicas,
            rank=rank,
            shuffle=True,
            seed=seed,
            drop_last=True,
        )
        self._length = len(dataset)

    def __iter__(self) -> Iterator[int]:
        offset = self.epoch * self._length
        return (offset + index for index in super().__iter__())
