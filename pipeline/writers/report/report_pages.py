"""The pages of a run that is too large for one."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from pipeline.escape_text import escape_text
from pipeline.results.finished_run import ImageRecord
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
    Of the whole run no more is in memory than these files.

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

    def write(self, files: _Files, counts: Mapping[str, int]) -> None:
        """Write all pages.

        Args:
            files: the records of each file, in the order of the run.
            counts: images of each status in the whole run.

        Raises:
            WriteError: a file cannot be written.
        """
        look = _FirstLook()
        pages: list[list[Any]] = []
        while first := next(files, None):
            number = len(pages) + 1
            part = _Part(chain([first], files))
            place = {"base": "../", "number": number, "up": f"../{self.path.name}"}
            self._write_page(find_page(self.path, number), look.watch(part), place)
            name = find_page(self.path, number).relative_to(self.path.parent).as_posix()
            pages.append([name, part.first, part.last, part.images])
        totals = [counts.get(status, 0) for status in STATUSES]
        self._write_page(self.path, look.list_files(), {"pages": pages, "totals": totals})

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
    """Keeps the files whose boundaries are the most uncertain."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, Sequence[ImageRecord]]] = []
        self._count = 0

    def watch(self, files: Iterable[Sequence[ImageRecord]]) -> _Files:
        for file in files:
            self._count += 1
            doubts = [each.row.boundary_uncertainty for each in file]
            doubt = max((value for value in doubts if value is not None), default=-1.0)
            if doubt >= 0:
                entry = (doubt, -self._count, file)
                keep = heapq.heappush if len(self._kept) < FIRST_LOOK else heapq.heappushpop
                keep(self._kept, entry)
            yield file

    def list_files(self) -> list[Sequence[ImageRecord]]:
        return [file for _, _, file in sorted(self._kept, key=lambda kept: kept[:2], reverse=True)]


def _count(files: Iterable[Sequence[ImageRecord]], found: Counter[str]) -> _Files:
    for file in files:
        found.update(image.row.status for image in file)
        yield file
