"""An evaluator that reads and writes while the network computes."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from ignite.engine import Engine
from monai.engines import SupervisedEvaluator

from pipeline.results.frame import Frame
from pipeline.segmenter import Segmenter

_MOST_AHEAD = 2
"""Frames that are with the network or wait for it: one more than it takes to keep it busy."""


class OverlappedEvaluator(SupervisedEvaluator):
    """Run the network in a thread of its own, a frame ahead of the handlers.

    It computes on all cores but one, which the handlers have to themselves.

    Whatever is read and written stays in one thread and in its order. A handler finds lists of one
    `Frame` in ``state.batch``, and of its logits (R, C, h, w) in ``state.output``.

    Args:
        device: where the network is.
        val_data_loader: gives lists of `Frame`.
        network: of the segmenter.
        segmenter: computes.
        kwargs: further arguments of `SupervisedEvaluator`, but for `decollate` and
            `iteration_update`.
    """

    def __init__(
        self,
        device: torch.device,
        val_data_loader: Iterable[list[Frame]],
        network: torch.nn.Module,
        segmenter: Segmenter,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            device,
            _ComputedFrames(segmenter, val_data_loader),
            network,
            iteration_update=_take_logits,
            decollate=False,
            **kwargs,
        )


class _ComputedFrames:
    """Frames and their logits, in the order of the frames."""

    def __init__(self, segmenter: Segmenter, frames: Iterable[list[Frame]]) -> None:
        self._segmenter = segmenter
        self._frames = frames

    def __iter__(self) -> Iterator[list[tuple[Frame, torch.Tensor]]]:
        waiting: deque[tuple[Frame, Future[torch.Tensor]]] = deque()
        with (
            _share_cores() as threads,
            ThreadPoolExecutor(
                1, "network", initializer=torch.set_num_threads, initargs=(threads,)
            ) as network,
        ):
            for batch in self._frames:
                for frame in batch:
                    waiting.append((frame, network.submit(self._segmenter.compute, frame)))
                while len(waiting) >= _MOST_AHEAD:
                    yield [_wait(*waiting.popleft())]
            while waiting:
                yield [_wait(*waiting.popleft())]


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


def _wait(frame: Frame, logits: Future[torch.Tensor]) -> tuple[Frame, torch.Tensor]:
    return frame, logits.result()


def _take_logits(engine: Engine, batch: list[tuple[Frame, torch.Tensor]]) -> list[torch.Tensor]:
    engine.state.batch = [frame for frame, _ in batch]
    return [logits for _, logits in batch]
