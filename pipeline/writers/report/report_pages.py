"""The pages of a run that is too large for one."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from pipeline.escape_text import escape_text
from pipeline.results.finished_run import FinishedRun, ImageRecord
from pipeline.writers.report.page import write_page
from pipeline.writers.report.run_items import STATUSES, RunItems

IMAGES_OF_A_PAGE = 10_000
"""A page ends with the file that reaches this number."""

FIRST_LOOK = 1000
"""Files with the most uncertain boundaries that the first page shows."""

_FOLDER = "report-pages"

_Files = Iterator[Sequence[ImageRecord]]


class ReportPages:
    """Write pages in the order of the files, and a first one of what to look at first.

    The first page shows the files whose boundaries are the most uncertain, and links to all pages.
    It has no more images than any other page, and the records are read twice for it: in memory are
    those of one file, and the names of `FIRST_LOOK` files.

    Args:
        path: of the first page.
        title: of all pages.
        head: what their data have in common, see `write_page`.
        max_corners: most corners of an outline.
    """

    def __init__(self, path: Path, title: str, head: Mapping[str, Any], max_corners: int) -> None:
        self.path = path
        self.title = title
        self.head = head
        self.max_corners = max_corners

    def write(self, run: FinishedRun) -> None:
        """Write all pages.

        Args:
            run: the results of all files.

        Raises:
            WriteError: a file cannot be written.
        """
        look, files = _FirstLook(), group_files(run.records())
        pages: list[list[Any]] = []
        while first := next(files, None):
            number = len(pages) + 1
            part = _Part(chain([first], files))
            place = {"base": "../", "number": number, "up": f"../{self.path.name}"}
            self._write_page(find_page(self.path, number), look.watch(part), place)
            name = find_page(self.path, number).relative_to(self.path.parent).as_posix()
            pages.append([name, part.first, part.last, part.images])
        totals = [run.counts.get(status, 0) for status in STATUSES]
        self._write_page(
            self.path, look.choose(group_files(run.records())), {"pages": pages, "totals": totals}
        )

    def _write_page(
        self, path: Path, files: Iterable[Sequence[ImageRecord]], place: Mapping[str, Any]
    ) -> None:
        found: Counter[str] = Counter()
        data = RunItems(self.max_corners)
        write_page(
            path,
            title=self.title,
            head={**self.head, **place},
            items=data.list_items(_count(files, found)),
            tail=lambda: {**data.list_texts(), "counts": [found[name] for name in STATUSES]},
        )


def group_files(records: Iterator[ImageRecord]) -> _Files:
    """Group the images of each file.

    Args:
        records: sorted by file.
    """
    for _, images in groupby(records, key=lambda record: record.row.file):
        yield list(images)


def find_page(path: Path, number: int) -> Path:
    """Return the path of a page.

    Args:
        path: of the first look.
        number: from 1.
    """
    return path.parent / _FOLDER / f"{number:04d}.html"


def count_pages(images: int) -> int:
    """Return the most pages that a run of so many images can have."""
    return -(-images // IMAGES_OF_A_PAGE)


class _Part:
    """The files of one page."""

    def __init__(self, files: _Files) -> None:
        self._files = files
        self.first = self.last = ""
        self.images = 0

    def __iter__(self) -> _Files:
        for file in self._files:
            self.last = escape_text(file[0].row.file)
            self.first = self.first or self.last
            self.images += len(file)
            yield file
            if self.images >= IMAGES_OF_A_PAGE:
                return


class _FirstLook:
    """Notes the files whose boundaries are the most uncertain."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, str, int]] = []
        self._count = 0

    def watch(self, files: Iterable[Sequence[ImageRecord]]) -> _Files:
        for file in files:
            self._count += 1
            doubts = [each.row.boundary_uncertainty for each in file]
            doubt = max((value for value in doubts if value is not None), default=None)
            if doubt is not None:
                entry = (doubt, -self._count, file[0].row.file, len(file))
                keep = heapq.heappush if len(self._kept) < FIRST_LOOK else heapq.heappushpop
                keep(self._kept, entry)
            yield file

    def choose(self, files: _Files) -> _Files:
        """Choose them from all files, as long as they fit on a page; the page sorts them."""
        names: set[str] = set()
        images = 0
        for _, _, name, count in sorted(self._kept, reverse=True):
            images += count
            if names and images > IMAGES_OF_A_PAGE:
                break
            names.add(name)
        return (file for file in files if file[0].row.file in names)


def _count(files: Iterable[Sequence[ImageRecord]], found: Counter[str]) -> _Files:
    for file in files:
        found.update(image.row.status for image in file)
        yield file
