"""The table of all lesions of a run."""

import csv
import io
from pathlib import Path

from pipeline.atomic import open_atomically
from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.writers.finished_run import FinishedRun
from pipeline.writers.writer import Writer


class LesionsTable(Writer):
    """Write ``lesions.csv``: one row per lesion, see `format_lesion` for its columns.

    Args:
        output_dir: the run's folder.
    """

    def __init__(self, output_dir: str | Path) -> None:
        self.path = Path(output_dir) / "lesions.csv"

    def write_run(self, run: FinishedRun) -> None:
        """Write the table.

        Args:
            run: all images, sorted by file and frame.

        Raises:
            WriteError: the file cannot be written.
        """
        # A file name may hold bytes that are no UTF-8; Python has them as lone surrogates.
        with (
            open_atomically(self.path) as file,
            io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="") as text,
        ):
            table = csv.DictWriter(text, LESION_COLUMNS, lineterminator="\n", extrasaction="ignore")
            table.writeheader()
            for record in run.records():
                table.writerows(record.lesions)
