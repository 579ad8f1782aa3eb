"""Log what came of a run, at its end."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.get_logger import get_logger
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer

logger = get_logger(__name__)

MOST_REASONS = 10
"""Files of one status whose reasons are shown; the table has all of them."""

_LEFT_OUT = ("failed", "skipped")


def log_summary(
    rows: Iterable[tuple[ResultRow, int]],
    counts: Mapping[str, int],
    table: Path,
    writers: Sequence[Writer],
) -> None:
    """Log the counts, the first files that were left out and why, and which page to open.

    Args:
        rows: of ``results.csv``, each with its place in the journal.
        counts: of each status.
        table: path of ``results.csv``.
        writers: of the run.
    """
    left_out: dict[str, list[ResultRow]] = {status: [] for status in _LEFT_OUT}
    for row, _ in rows:
        if row.status in left_out and len(left_out[row.status]) < MOST_REASONS:
            left_out[row.status].append(row)
    numbers = {name: counts.get(name, 0) for name in ("ok", "no_lesion", "skipped", "failed")}
    logger.info(
        "images: %d with a lesion, %d without, %d skipped, %d failed",
        *numbers.values(),
        extra={"fields": {"event": "end", "images": numbers, "table": str(table)}},
    )
    for status, some in left_out.items():
        for row in some:
            frame = "" if row.frame is None else f" frame {row.frame}"
            fields = {"status": status, "file": row.file, "frame": row.frame, "reason": row.reason}
            logger.info(
                "%s: %s%s: %s", status, row.file, frame, row.reason, extra={"fields": fields}
            )
        more = numbers[status] - len(some)
        if more > 0:
            logger.info("%s: and %d more, see %s", status, more, table)
    if not numbers["ok"] + numbers["no_lesion"]:
        logger.error("nothing was segmented: %s", _explain(numbers))
    pages = [writer.path for writer in writers if writer.path and writer.path.suffix == ".html"]
    for page in pages:
        logger.info("open %s", page)


def _explain(numbers: Mapping[str, int]) -> str:
    if not any(numbers.values()):
        return "there is no file in the folder that was given"
    return "no file could be read as an ultrasound image, see the reasons"
