"""Turn the network's output into files, image by image."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from ignite.engine import Engine, Events
from pydicom import Dataset

from pipeline.errors import describe, find_cause
from pipeline.journal.run_journal import RunJournal
from pipeline.readers.dicom.other_organ import find_other_organ
from pipeline.readers.region.describe_regions import describe_regions
from pipeline.results.finished_run import ImageRecord
from pipeline.results.frame import Frame, Source
from pipeline.results.result import Result
from pipeline.results.result_frame import ResultFrame
from pipeline.results.result_row import ResultRow
from pipeline.results.source_result import SourceResult
from pipeline.results.writer import Writer
from pipeline.segmenter import Segmenter


class ResultsWriter:
    """Finish and write each frame of an evaluator's output.

    Post-processing is done here: an exception in the evaluator's own would end the run, here it
    costs one image. The journal notes which files are about to be written, and the image after all
    of them are in place; those of an image that fails are removed. When the next file comes, or the
    end, writers get the file as a whole.

    Args:
        segmenter: that has computed the output.
        writers: each writes one kind of file.
        journal: of the run.
        other_organs: write DICOM objects of images too whose header names another organ than the
            breast, see `find_other_organ`; else their study gets none, and ``quality`` says so.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        writers: Sequence[Writer],
        journal: RunJournal,
        *,
        other_organs: bool = False,
    ) -> None:
        self.segmenter = segmenter
        self.writers = writers
        self.journal = journal
        self.other_organs = other_organs
        self._source: _Source | None = None

    def attach(self, engine: Engine) -> None:
        """Attach to an `OverlappedEvaluator` over a `FolderDataset`."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self.finish)

    def start(self, engine: Engine) -> None:
        """Take over what earlier runs have done."""
        self.journal.start(self.writers)

    def __call__(self, engine: Engine) -> None:
        """Write what one iteration has produced."""
        for frame, logits in zip(engine.state.batch, engine.state.output, strict=True):
            self._write(frame, logits)

    def finish(self, engine: Engine) -> None:
        """Write what belongs to the last file and to the run."""
        self._finish_source()
        self.journal.finish(self.writers)

    def _write(self, frame: Frame, logits: torch.Tensor) -> None:
        file, number = frame.source.file, frame.number
        if self._source is not None and self._source.file != file:
            self._finish_source()
        header = frame.source.header
        try:
            if self._source is None:
                self._source = _Source(frame.source, other_organs=self.other_organs)
            header = self._source.header
            result = replace(self.segmenter.finish(frame, logits), header=header)
            self.journal.files.claim(file, self._locate(file, number, header))
            for writer in self.writers:
                writer.write(result)
            row = _make_row(frame.source, result, self._source.remarks)
            self.journal.add(
                ImageRecord.make(
                    row,
                    result.mask.shape,
                    result.lesions,
                    result.suppressed,
                    is_blanked=result.is_blanked,
                )
            )
        except Exception as error:
            self.journal.files.discard(file, self._locate(file, number, header))
            self.journal.add(ResultRow(file, number, "failed", describe(find_cause(error))))
        else:
            if any(writer.needs_sources for writer in self.writers):
                self._source.add(result)

    def _finish_source(self) -> None:
        source, self._source = self._source, None
        if source is None:
            return
        objects = self._locate(source.file, None, source.header, of_sources=True)
        try:
            if source.frames:
                self.journal.files.claim(source.file, objects)
            for writer in self.writers:
                if writer.needs_sources and source.frames:
                    writer.write_source(source.collect())
        except Exception as error:
            self.journal.files.discard(source.file, objects)
            reason = f"segmented, but without DICOM objects: {describe(find_cause(error))}"
            self.journal.add(ResultRow(source.file, None, "failed", reason))
        self.journal.complete(source.file)

    def _locate(
        self, file: str, frame: int | None, header: Dataset | None, *, of_sources: bool = False
    ) -> list[Path]:
        """Name the files that the writers make of a frame, or of a whole file."""
        return [
            writer.locate(file, frame)
            for writer in self.writers
            if writer.root is not None
            and writer.needs_sources == of_sources
            and not (writer.needs_header and header is None)
        ]


class _Source:
    """Collects the results of one file; of its frames only those with a lesion."""

    def __init__(self, source: Source, *, other_organs: bool) -> None:
        self.file = source.file
        self.header = source.header
        self.remarks: tuple[str, ...] = ()
        if self.header is not None and find_other_organ(self.header):
            self.remarks = ("another organ",)
            if not other_organs:
                self.remarks, self.header = ("another organ: no DICOM objects",), None
        self.frames = 0
        self._results: list[ResultFrame] = []
        self._spacings: set[tuple[float, float] | None] = set()

    def add(self, result: Result) -> None:
        self.frames += 1
        self._spacings.add(result.mm_per_pixel)
        if result.lesions:
            shape = result.mask.shape
            self._results.append(ResultFrame(result.frame or 1, shape, result.lesions))

    def collect(self) -> SourceResult:
        spacing = next(iter(self._spacings)) if len(self._spacings) == 1 else None
        return SourceResult(self.file, self.header, self.frames, self._results, spacing)


def _make_row(source: Source, result: Result, remarks: Sequence[str]) -> ResultRow:
    described = describe_regions(result.regions)
    return ResultRow(
        file=result.file,
        frame=result.frame,
        status="ok" if result.lesions else "no_lesion",
        reason=source.remarks,
        region=described.origin,
        mm_per_pixel_y=described.mm_per_pixel[0],
        mm_per_pixel_x=described.mm_per_pixel[1],
        lesions=len(result.lesions),
        suppressed=len(result.suppressed),
        area_px=int(result.mask.sum()),
        probability=result.probability,
        boundary_uncertainty=result.boundary_uncertainty,
        quality="; ".join((*result.quality, *remarks)),
        instance=source.instance,
    )
