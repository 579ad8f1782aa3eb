"""Segment one study of the queue after the other."""

import csv
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol

from pipeline.atomic import sync_folder
from pipeline.errors import PipelineError
from pipeline.get_logger import get_logger
from pipeline.node.node_config import Process
from pipeline.node.spool import Spool, State, Study
from pipeline.server.segment_worker import RunResult, WorkerDiedError

logger = get_logger(__name__)

_MOST_DEATHS = 2
"""Ends of the process after which a study is divided, to find the file that kills it."""
_MOST_STARTS = 5
"""Starts without an end after which a study is taken to end the node too."""


class Worker(Protocol):
    """Segments a folder, as `SegmentWorker` does."""

    def run(self, images: Path, output: Path, seconds: float) -> RunResult:
        """Segment a folder."""


class Processor:
    """Take the oldest study whose time has come, segment it, and pass it on.

    A run that cannot be done is tried again after each of the pauses, then the study is put aside.
    One with failed images is tried once more, and passed on without them. A study
    that ends the process twice is divided, and so on until the image that does it is alone.

    Args:
        spool: the queue.
        worker: does it.
        settings: of the segmentation.
        pauses_s: between tries.
        put_aside: called for studies that are given up.
        clock: time in seconds since 1970.
    """

    def __init__(
        self,
        spool: Spool,
        worker: Worker,
        settings: Process,
        pauses_s: Sequence[float],
        put_aside: Callable[[Study], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.spool = spool
        self.images: Counter[str] = Counter()
        self._worker = worker
        self._settings = settings
        self._pauses_s = pauses_s
        self._put_aside = put_aside
        self._clock = clock
        self._is_stopped = False

    def stop(self) -> None:
        """Let the end of the process from now on say nothing against the current study."""
        self._is_stopped = True

    def step(self) -> Study | None:
        """Work on one study.

        Returns:
            The study, `None` if there is none to work on now.

        Raises:
            OSError: the disk fails.
            WriteError: the disk is full.
        """
        now = self._clock()
        for study in self.spool.list(State.STUDIES):
            if study.record.next_try <= now:
                self._process(study)
                return study
        return None

    def _process(self, study: Study) -> None:
        record = study.record
        if not study.list_images():  # the disk was full before the first one
            self.spool.remove(study)
            return
        if record.deaths >= _MOST_STARTS:
            self._bury(study, WorkerDiedError("the node has ended whenever it worked on it"))
            return
        record.deaths += 1  # until the end, should it take this process along
        study.save()
        begin = time.monotonic()
        try:
            result = self._worker.run(study.images, study.output, self._settings.timeout_s)
        except WorkerDiedError as error:
            if not self._is_stopped:
                self._bury(study, error)
            return
        record.deaths = 0
        record.seconds = round(time.monotonic() - begin, 3)
        if result.code == 1:
            self._try_again(study, PipelineError(result.reason))
            return
        record.counts = _count_images(study.output)
        if record.counts.get("failed") and record.attempts == 0 and self._pauses_s:
            self._try_again(study, PipelineError("some images have failed"))
            return
        self._pass_on(study)

    def _bury(self, study: Study, error: PipelineError) -> None:
        if study.record.deaths >= _MOST_DEATHS:
            if len(study.list_images()) > 1:
                self._divide(study)
                return
            study.record.deaths = 0  # the next try is a whole one again
        self._try_again(study, error)

    def _pass_on(self, study: Study) -> None:
        record = study.record
        files = study.list_results()
        record.objects = {kind: len(found) for kind, found in files.items() if found}
        failed = record.counts.get("failed", 0)
        record.last_error = f"{failed} images could not be segmented" if failed else ""
        record.attempts, record.next_try = 0, 0.0
        for path in chain.from_iterable(files.values()):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            sync_folder(path.parent)
        study.save()
        self.spool.move(study, State.RESULTS)
        self.images.update(record.counts)
        logger.info("study %s is segmented: %s", study.name, record.counts)

    def _try_again(self, study: Study, error: PipelineError) -> None:
        record = study.record
        record.attempts += 1
        record.last_error = str(error)
        if record.attempts > len(self._pauses_s):
            logger.error("study %s is put aside: %s", study.name, error)
            self._put_aside(study)
            return
        pause = self._pauses_s[record.attempts - 1]
        record.next_try = self._clock() + pause
        logger.warning("study %s is tried again in %g s: %s", study.name, pause, error)
        study.save()

    def _divide(self, study: Study) -> None:
        """Make two studies of one; a killed node makes images twice, but loses none."""
        images = study.list_images()
        logger.warning("study %s has ended its process twice: it is divided", study.name)
        study.record.deaths = _MOST_DEATHS - 1
        half = images[len(images) // 2 :]
        self.spool.create(study.record, State.STUDIES, half)
        for path in half:
            path.unlink()
        shutil.rmtree(study.output, ignore_errors=True)
        study.save()


def _count_images(output: Path) -> dict[str, int]:
    with (output / "results.csv").open(newline="", encoding="utf-8") as file:
        return dict(Counter(row["status"] for row in csv.DictReader(file)))
