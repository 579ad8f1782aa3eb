"""One folder after the other is segmented, and not too many wait."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.concurrency import run_in_threadpool

from pipeline.get_logger import get_logger
from pipeline.serve.serve_errors import FullError, SegmentationError
from pipeline.server.segment_worker import SegmentWorker, WorkerDiedError

logger = get_logger(__name__)

IsWanted = Callable[[], Awaitable[bool]]

_PERIOD_S = 0.5
_KILLED_AFTER_S = 5.0
"""Seconds of work for nobody after which the process is ended; to start it again takes as long."""
_WEIGHT = 0.2
"""Of the latest run in the mean of seconds."""


class SegmentQueue:
    """Give folders to the one process, in the order of their coming.

    Args:
        worker: the process.
        most: folders that wait or are worked on.
        seconds: after which a folder is given up.

    Attributes:
        waiting: folders that wait or are worked on.
    """

    def __init__(self, worker: SegmentWorker, *, most: int, seconds: float) -> None:
        self.waiting = 0
        self.most = most
        self._worker = worker
        self._seconds = seconds
        self._turn = asyncio.Lock()
        self._mean_s = 1.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place, from before a body is received until its answer is made.

        Raises:
            FullError: there is none.
        """
        if self.waiting >= self.most:
            raise FullError(max(1, math.ceil(self.waiting * self._mean_s)))
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def run(self, images: Path, output: Path, is_wanted: IsWanted) -> bool:
        """Segment a folder when its turn comes.

        Args:
            images: folder.
            output: folder of the results.
            is_wanted: whether somebody still waits for them.

        Returns:
            Whether it was done; not if nobody wanted it any more.

        Raises:
            SegmentationError: it could not be done.
        """
        while not await self._take_turn():
            if not await is_wanted():
                return False
        try:
            return await self._work(images, output, is_wanted)
        finally:
            self._turn.release()

    async def _take_turn(self) -> bool:
        try:
            await asyncio.wait_for(self._turn.acquire(), _PERIOD_S)
        except asyncio.TimeoutError:
            return False
        return True

    async def _work(self, images: Path, output: Path, is_wanted: IsWanted) -> bool:
        if not await is_wanted():
            return False
        begin = time.monotonic()
        work = asyncio.ensure_future(
            run_in_threadpool(self._worker.run, images, output, self._seconds)
        )
        is_dropped = False
        while not (await asyncio.wait({work}, timeout=_PERIOD_S))[0]:
            if time.monotonic() - begin > _KILLED_AFTER_S and not await is_wanted():
                is_dropped = True
                self._worker.end()
        try:
            result = work.result()
        except WorkerDiedError as error:
            if is_dropped:
                return False
            logger.error("an image could not be segmented: %s", error)
            raise SegmentationError(str(error)) from error
        self._mean_s += _WEIGHT * (time.monotonic() - begin - self._mean_s)
        if result.code == 1:
            logger.error("an image could not be segmented: %s", result.reason)
            msg = "the service has failed: its log says why"
            raise SegmentationError(msg)
        return True
