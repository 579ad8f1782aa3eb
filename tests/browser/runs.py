"""Runs to look at: phantoms, whose true masks stand in for what a network finds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.inferers.model_identity import ModelIdentity
from pipeline.lesions.lesion import find_lesions
from pipeline.phantom.phantom import make_phantom
from pipeline.phantom.phantom_cine import make_phantom_cine
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.results.result import Result
from pipeline.results.result_row import ResultRow
from pipeline.writers.html_report import HtmlReport

HOSTILE = "<img src=x onerror=document.title='taken'>.png"
"""A file name, as far as file systems care."""

MODEL = ModelIdentity("breast-us-seg", "0.1.0", "0123456789abcdef" * 4)

SETTINGS = {
    "weights": "0123456789abcdef" * 4,
    "dataset_dir": "/somebody/images",
    "threshold": 0.5,
    "min_lesion_px": 64,
}


class RunMaker:
    """Collects images as a run would, and writes the page."""

    def __init__(self, folder: Path) -> None:
        self.report = HtmlReport(folder, model=MODEL)
        self.records: list[ImageRecord] = []

    def add(
        self,
        file: str,
        image: np.ndarray,
        mask: np.ndarray,
        mm: float | None,
        *,
        frame: int | None = None,
        probability: float | None = None,
        quality: str = "",
        suppressed: np.ndarray | None = None,
        is_blanked: bool = False,
    ) -> ImageRecord:
        height, width = mask.shape
        spacing = None if mm is None else (mm, mm)
        region = CalibratedRegion((0, 0, height, width), spacing, RegionOrigin.GIVEN)
        lesions = find_lesions(mask, np.where(mask, 0.9, 0).astype(np.float32), regions=[region])
        share = (0.98 if lesions else 0.2) if probability is None else probability
        result = Result(
            file, frame, image.astype(np.float32), mask, tuple(lesions), share, (region,)
        )
        self.report.write(result)
        row = ResultRow(
            file,
            frame,
            "ok" if lesions else "no_lesion",
            region="given",
            mm_per_pixel_y="" if mm is None else f"{mm:.6g}",
            mm_per_pixel_x="" if mm is None else f"{mm:.6g}",
            lesions=len(lesions),
            area_px=int(mask.sum()),
            probability=share,
            quality=quality,
        )
        below = np.zeros_like(mask) if suppressed is None else suppressed
        silent = find_lesions(below, np.full(mask.shape, 0.04, np.float32), regions=[region])
        self.records.append(
            ImageRecord.make(row, (height, width), lesions, silent, is_blanked=is_blanked)
        )
        return self.records[-1]

    def add_phantom(self, file: str, seed: int, *, calibrated: bool = True, **facts) -> None:
        phantom = make_phantom(seed, shape=facts.pop("shape", (120, 160)))
        mm = phantom.mm_per_pixel if calibrated else None
        self.add(file, phantom.image, phantom.label, mm, **facts)

    def add_cine(self, file: str, *, frames: int = 8, shape: tuple[int, int] = (120, 160)) -> None:
        cine = make_phantom_cine(3, frames=frames, shape=shape)
        for frame, (image, label) in enumerate(zip(cine.images, cine.labels, strict=True), 1):
            share = 0.3 + 0.69 * float(np.sqrt(label.mean() / max(cine.labels.mean((1, 2)))))
            self.add(file, image, label, cine.mm_per_pixel, frame=frame, probability=share)

    def add_row(self, file: str, status: str, reason: str) -> None:
        self.records.append(ImageRecord(ResultRow(file, None, status, reason)))

    def gather(self) -> FinishedRun:
        return finish_run(self.records)

    def finish(self) -> Path:
        self.report.write_run(self.gather())
        return self.report.path


def finish_run(records: Sequence[ImageRecord]) -> FinishedRun:
    rows = sorted(records, key=lambda record: (record.row.file, record.row.frame or 0))
    counts = Counter(record.row.status for record in rows)
    return FinishedRun(lambda: iter(rows), counts, SETTINGS, "f" * 64)


def repeat_records(records: Sequence[ImageRecord], count: int) -> list[ImageRecord]:
    """Make a large run of the same images under other names."""
    return [
        replace(record, row=replace(record.row, file=f"clinic-{number % 40:02d}/{number:06d}.dcm"))
        for number in range(count)
        for record in [records[number % len(records)]]
    ]
