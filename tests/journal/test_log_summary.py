"""What is told at the end of a run."""

import logging
from pathlib import Path

import pytest

from pipeline.journal.log_summary import MOST_REASONS, log_summary
from pipeline.results.result_row import ResultRow
from pipeline.writers.html_report import HtmlReport


def tell(caplog: pytest.LogCaptureFixture, *rows: ResultRow, writers=()) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    with caplog.at_level(logging.INFO):
        log_summary(rows, counts, Path("OUT/results.csv"), writers)
    return caplog.messages


def test_counts_reasons_and_page(caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        ResultRow("a.png", None, "ok"),
        ResultRow("b.png", None, "no_lesion"),
        ResultRow("c.txt", None, "skipped", "not an image"),
        ResultRow("d.txt", None, "skipped", "not an image"),
        ResultRow("e.dcm", 3, "failed", "cut off"),
    ]
    assert tell(caplog, *rows, writers=[HtmlReport("OUT")]) == [
        "images: 1 with a lesion, 1 without, 2 skipped, 1 failed",
        "failed: e.dcm frame 3: cut off",
        "skipped: c.txt: not an image",
        "skipped: d.txt: not an image",
        f"open {Path('OUT', 'report.html')}",
    ]
    counts = {"ok": 1, "no_lesion": 1, "skipped": 2, "failed": 1}
    assert caplog.records[0].fields["images"] == counts
    assert caplog.records[1].fields["file"] == "e.dcm"


def test_of_many_the_first_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    bad = [ResultRow(f"{n:02}.dcm", None, "failed", "cut off") for n in range(MOST_REASONS + 7)]
    messages = tell(caplog, ResultRow("a.png", None, "ok"), *bad)
    assert len(messages) == 1 + MOST_REASONS + 1
    assert messages[-2].startswith("failed: 09.dcm")
    assert messages[-1] == f"failed: and 7 more, see {Path('OUT/results.csv')}"


def test_nothing_that_could_be_read(caplog: pytest.LogCaptureFixture) -> None:
    tell(caplog, ResultRow("a.zip", None, "skipped", "an archive: unpack it"))
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "nothing was segmented: no file could be read" in error.getMessage()


def test_no_file_at_all(caplog: pytest.LogCaptureFixture) -> None:
    assert "nothing was segmented: there is no file" in tell(caplog)[-1]
