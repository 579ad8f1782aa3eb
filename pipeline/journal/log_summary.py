"""Log what came of a run, at its end."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pipeline.get_logger import get_logger
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer

logger = get_logger(__name__)

MOST_REASONS = 10
"""Files of one status whose reasons are shown; the table has all of them."""

LEFT_OUT = ("failed", "skipped")
"""Status of images whose reasons are shown."""


def log_summary(
    left_out: Iterable[ResultRow],
    counts: Mapping[str, int],
    table: Path,
    writers: Sequence[Writer],
) -> None:
    """Log the counts, the first files that were left out and why, and which page to open.

    Args:
        left_out: rows of ``results.csv``: up to `MOST_REASONS` of each status of `LEFT_OUT`.
        counts: of each status.
        table: path of ``results.csv``.
        writers: of the run.
    """
    shown = list(left_out)
    numbers = {name: counts.get(name, 0) for name in ("ok", "no_lesion", "skipped", "failed")}
    logger.info(
        "images: %d with a lesion, %d without, %d skipped, %d failed",
        *numbers.values(),
        extra={"fields": {"event": "end", "images": numbers, "table": str(table)}},
    )
    for status in LEFT_OUT:
        some = [row for row in shown if row.status == status][:MOST_REASONS]
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
