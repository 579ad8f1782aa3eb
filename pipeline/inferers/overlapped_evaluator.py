"""An evaluator that reads and writes while the network computes."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from ignite.engine import Engine
from monai.engines import SupervisedEvaluator
from monai.utils import CommonKeys

_MOST_AHEAD = 2
"""Items that are with the network or wait for it: one more than it takes to keep it busy."""


class OverlappedEvaluator(SupervisedEvaluator):
    """Run the network in a thread of its own, an item ahead of the handlers.

    It computes on all cores but one, which the handlers have to themselves.

    Whatever is read and written stays in one thread and in its order. Items are not collated, so
    that images of different size need no padding and metadata is not copied: a handler finds lists
    of one item in ``state.batch`` and ``state.output``. Of the output, ``pred`` is kept.

    Args:
        device: where the network is.
        val_data_loader: gives lists of items, each with ``image`` (C, H, W).
        network: returns logits.
        inferer: calls it.
        kwargs: further arguments of `SupervisedEvaluator`, but for `decollate` and
            `iteration_update`.
    """

    def __init__(
        self,
        device: torch.device,
        val_data_loader: Iterable[list[dict[str, Any]]],
        network: torch.nn.Module,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            device,
            _PredictedItems(self, val_data_loader),
            network,
            iteration_update=_take_predictions,
            decollate=False,
            **kwargs,
        )


class _PredictedItems:
    """Items and their predictions, in the order of the items."""

    def __init__(
        self, evaluator: OverlappedEvaluator, items: Iterable[list[dict[str, Any]]]
    ) -> None:
        self._evaluator = evaluator
        self._items = items

    def __iter__(self) -> Iterator[list[tuple[dict[str, Any], torch.Tensor]]]:
        self._evaluator.network.eval()
        waiting: deque[tuple[dict[str, Any], Future[torch.Tensor]]] = deque()
        with (
            _share_cores() as threads,
            ThreadPoolExecutor(
                1, "network", initializer=torch.set_num_threads, initargs=(threads,)
            ) as network,
        ):
            for batch in self._items:
                for item in batch:
                    waiting.append((item, network.submit(self._predict, item)))
                while len(waiting) >= _MOST_AHEAD:
                    yield [_wait(*waiting.popleft())]
            while waiting:
                yield [_wait(*waiting.popleft())]

    def _predict(self, item: dict[str, Any]) -> torch.Tensor:
        evaluator = self._evaluator
        image = torch.as_tensor(item[CommonKeys.IMAGE]).as_subclass(torch.Tensor)
        with torch.no_grad():  # which counts for one thread only
            batch = image[None].to(evaluator.state.device, non_blocking=evaluator.non_blocking)
            logits: torch.Tensor = evaluator.inferer(batch, evaluator.network)
            return logits[0].cpu()


@contextmanager
def _share_cores() -> Iterator[int]:
    """Let this thread compute on one core only.

    Threads that share an operation wait for each other in a loop; two such groups on the same
    cores keep each other from working.

    Yields:
        Cores for another thread.
    """
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield max(1, cores - 1)
    finally:
        torch.set_num_threads(cores)


def _wait(
    item: dict[str, Any], prediction: Future[torch.Tensor]
) -> tuple[dict[str, Any], torch.Tensor]:
    return item, prediction.result()


def _take_predictions(
    engine: Engine, batch: list[tuple[dict[str, Any], torch.Tensor]]
) -> list[dict[str, Any]]:
    engine.state.batch = [item for item, _ in batch]
    return [{CommonKeys.PRED: prediction} for _, prediction in batch]
