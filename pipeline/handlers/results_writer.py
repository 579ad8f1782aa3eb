"""Turn the network's output into files, image by image."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ignite.engine import Engine, Events
from pydicom import Dataset

from pipeline.errors import describe, find_cause
from pipeline.journal.run_journal import RunJournal
from pipeline.lesions.judge_quality import judge_quality
from pipeline.lesions.lesion import find_lesions
from pipeline.lesions.platt_scale import PlattScale
from pipeline.readers.dicom.other_organ import find_other_organ
from pipeline.readers.region.describe_regions import describe_regions
from pipeline.results.finished_run import ImageRecord
from pipeline.results.frame_part import FramePart
from pipeline.results.result import Result
from pipeline.results.result_frame import ResultFrame
from pipeline.results.result_row import ResultRow
from pipeline.results.source_result import SourceResult
from pipeline.writers.writer import Writer


class ResultsWriter:
    """Post-process, measure and write each image of an evaluator's output.

    It does the evaluator's post-processing itself: an exception there would end the run, here it
    costs one image. The parts of a frame with several B-mode images, which come one after the
    other, become one result. The journal is told which files are about to be written, and of the
    image after all of them are in place; those of an image that fails are removed. When the next
    file comes, or the end, writers are told of the file as a whole.

    Args:
        postprocessing: takes an item with ``pred`` and ``image`` to ``pred`` (1, H, W) 0 or 1,
            ``probability`` and ``presence`` (1, H, W), ``lesion_probability`` and
            ``outline_doubt`` at the size of ``original``, and ``malignancy`` (1, H, W) if the
            network has a channel for it.
        writers: each writes one kind of file.
        journal: of the run.
        malignancy_scale: makes a probability of malignancy of that channel.
        other_organs: write DICOM objects of images too whose header names another organ than the
            breast, see `find_other_organ`; else their study gets none, and ``quality`` says so.
    """

    def __init__(
        self,
        postprocessing: Callable[[dict[str, Any]], Any],
        writers: Sequence[Writer],
        journal: RunJournal,
        malignancy_scale: PlattScale = PlattScale(),  # noqa: B008
        *,
        other_organs: bool = False,
    ) -> None:
        self.postprocessing = postprocessing
        self.writers = writers
        self.journal = journal
        self.malignancy_scale = malignancy_scale
        self.other_organs = other_organs
        self._parts: list[FramePart] = []
        self._errors: list[Exception] = []
        self._source: _Source | None = None

    def attach(self, engine: Engine) -> None:
        """Attach to an evaluator whose batches are lists of the items of `FolderDataset`."""
        engine.add_event_handler(Events.STARTED, self.start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self.finish)

    def start(self, engine: Engine) -> None:
        """Take over what earlier runs have done."""
        self.journal.start(self.writers)

    def __call__(self, engine: Engine) -> None:
        """Write what one iteration has produced."""
        for batch, output in zip(engine.state.batch, engine.state.output, strict=True):
            item = {**batch, **output}
            try:
                self._parts.append(FramePart.read(self.postprocessing(item)))
            except Exception as error:
                self._errors.append(error)
            if int(item["regions_left"]) == 0:
                self._finish_frame(item)

    def finish(self, engine: Engine) -> None:
        """Write what belongs to the last file and to the run."""
        self._finish_source()
        self.journal.finish(self.writers)

    def _finish_frame(self, item: dict[str, Any]) -> None:
        parts, errors = self._parts, self._errors
        self._parts, self._errors = [], []
        file, frame = str(item["file"]), int(item["frame"]) or None
        if self._source is not None and self._source.file != file:
            self._finish_source()
        try:
            if errors:
                raise errors[0]
            if self._source is None:
                self._source = _Source(file, item["header"], other_organs=self.other_organs)
            header = self._source.header
            whole = FramePart.join(parts)
            result = _make_result(item, file, frame, whole, header, self.malignancy_scale)
            doubt = whole.outline_doubt
            parts.clear()
            del whole  # its maps take more memory than all that is written
            self.journal.files.claim(file, self._locate(file, frame, header))
            for writer in self.writers:
                writer.write(result)
            row = _make_row(item, result, doubt, self._source.remarks)
            self.journal.add(ImageRecord.make(row, result.mask.shape, result.lesions))
        except Exception as error:
            self.journal.files.discard(file, self._locate(file, frame, item["header"]))
            self.journal.add(ResultRow(file, frame, "failed", describe(find_cause(error))))
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
    """Collects the results of one file, of its frames those with a lesion."""

    def __init__(self, file: str, header: Dataset | None, *, other_organs: bool) -> None:
        self.file = file
        self.header = header
        self.remarks: tuple[str, ...] = ()
        if header is not None and find_other_organ(header):
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
            self._results.append(ResultFrame(result.frame or 1, result.mask, result.lesions))

    def collect(self) -> SourceResult:
        spacing = next(iter(self._spacings)) if len(self._spacings) == 1 else None
        return SourceResult(self.file, self.header, self.frames, self._results, spacing)


def _make_result(
    item: dict[str, Any],
    file: str,
    frame: int | None,
    whole: FramePart,
    header: Dataset | None,
    malignancy_scale: PlattScale,
) -> Result:
    lesions = find_lesions(
        whole.mask,
        whole.probability,
        regions=whole.regions,
        presence=whole.presence,
        malignancy=whole.malignancy,
        malignancy_scale=malignancy_scale,
    )
    return Result(
        file=file,
        frame=frame,
        image=np.asarray(item["original"][0], np.float32),
        mask=whole.mask,
        lesions=tuple(lesions),
        probability=whole.lesion_probability,
        regions=whole.regions,
        header=header,
    )


def _make_row(
    item: dict[str, Any], result: Result, doubt: float, remarks: Sequence[str]
) -> ResultRow:
    # Of an image that was blanked as a whole nothing tells how bright it was.
    is_blanked = not item["image"].meta.get("region_known", True) and not result.image.any()
    quality = judge_quality(
        None if is_blanked else result.image, result.mask, result.regions, outline_doubt=doubt
    )
    told = describe_regions(result.regions)
    return ResultRow(
        file=result.file,
        frame=result.frame,
        status="ok" if result.lesions else "no_lesion",
        reason=str(item["remarks"]),
        region=told.origin,
        mm_per_pixel_y=told.mm_per_pixel[0],
        mm_per_pixel_x=told.mm_per_pixel[1],
        lesions=len(result.lesions),
        area_px=int(result.mask.sum()),
        probability=result.probability,
        outline_doubt=doubt,
        quality="; ".join((*quality, *remarks)),
        instance=str(item["instance"]),
    )
