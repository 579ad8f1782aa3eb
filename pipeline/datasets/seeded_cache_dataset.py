"""A `CacheDataset` whose augmentation depends on seed, epoch and item alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from monai.data import CacheDataset
from monai.transforms import Compose


class SeededCacheDataset(CacheDataset):
    """Keep the deterministic part of the transforms in memory and seed the random part per item.

    MONAI's random transforms carry a state that every call moves on, so a resumed run would draw
    other numbers than one that was never interrupted, and so would another number of workers.
    Here the state is set for each item. Index ``epoch * len(dataset) + i`` is item i of an
    epoch, as `EpochSampler` draws it.

    Args:
        data: the items, dictionaries of a datalist.
        transform: a `Compose`, deterministic transforms first.
        seed: of the augmentation.
        kwargs: of `monai.data.CacheDataset`.
    """

    def __init__(
        self,
        data: Sequence[Any],
        transform: Sequence[Callable[..., Any]] | Callable[..., Any],
        *,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        composed = transform if isinstance(transform, Compose) else Compose(transform)
        super().__init__(data=data, transform=composed, **kwargs)
        self.seed = seed

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the first epoch; without this, Python would count indices forever."""
        return (self[index] for index in range(len(self)))

    def _transform(self, index: int) -> Any:
        epoch, item = divmod(index, len(self))
        seed = np.random.SeedSequence([self.seed, epoch, item]).generate_state(1)[0]
        self.transform.set_random_state(seed=int(seed))
        return super()._transform(item)
