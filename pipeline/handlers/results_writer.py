"""Turn the network's output into files, image by image."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from ignite.engine import Engine, Events

from pipeline.datasets.folder_dataset import describe, find_cause
from pipeline.lesions.lesion import find_lesions
from pipeline.writers.result import Result
from pipeline.writers.run_journal import ResultRow, RunJournal


class Writer(Protocol):
    """Writes one kind of file for each result."""

    def write(self, result: Result) -> None:
        """Write it, whole or not at all."""
        ...


class ResultsWriter:
    """Post-process, measure and write each image of an evaluator's output.

    It does the evaluator's post-processing itself: an exception there would end the run, here it
    costs one image. An image enters the journal after all its files are in place.

    Args:
        postprocessing: takes an item with ``pred`` and ``image`` to ``pred`` (1, H, W) 0 or 1,
            ``probability`` (1, H, W) and ``lesion_probability`` at the size of ``original``.
        writers: each writes one kind of file.
        journal: of the run.
    """

    def __init__(
        self,
        postprocessing: Callable[[dict[str, Any]], Any],
        writers: Sequence[Writer],
        journal: RunJournal,
    ) -> None:
        self.postprocessing = postprocessing
        self.writers = writers
        self.journal = journal

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator that decollates its batches."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self.finish)

    def __call__(self, engine: Engine) -> None:
        """Write what one iteration has produced."""
        for batch, output in zip(engine.state.batch, engine.state.output, strict=True):
            item = {**batch, **output}
            file, frame = str(item["file"]), int(item["frame"]) or None
            try:
                row = self._write({**item, "file": file, "frame": frame})
            except Exception as error:
                row = ResultRow(file, frame, "failed", describe(find_cause(error)))
            self.journal.add(row)

    def finish(self, engine: Engine) -> None:
        """Write the table of the run."""
        self.journal.finish()

    def _write(self, item: dict[str, Any]) -> ResultRow:
        item = self.postprocessing(item)
        mask = np.asarray(item["pred"][0]) > 0
        lesions = find_lesions(mask, np.asarray(item["probability"][0], np.float32))
        result = Result(
            file=item["file"],
            frame=item["frame"],
            image=np.asarray(item["original"][0], np.float32),
            mask=mask,
            lesions=tuple(lesions),
            probability=float(item["lesion_probability"]),
        )
        for writer in self.writers:
            writer.write(result)
        return ResultRow(
            file=result.file,
            frame=result.frame,
            status="ok" if lesions else "no_lesion",
            lesions=len(lesions),
            area_px=int(mask.sum()),
            probability=result.probability,
            seconds=time.perf_counter() - float(item["started"]),
        )
