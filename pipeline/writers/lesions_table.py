"""The table of all lesions of a run."""

from pathlib import Path

from pipeline.lesions.lesion_table import LESION_COLUMNS
from pipeline.results.finished_run import FinishedRun
from pipeline.results.writer import Writer
from pipeline.write_table import write_table


class LesionsTable(Writer):
    """Write ``lesions.csv``: one row per lesion, see `format_lesion` for its columns."""

    def __init__(self, output_dir: str | Path) -> None:
        self.path: Path = Path(output_dir) / "lesions.csv"

    def write_run(self, run: FinishedRun) -> None:
        """Write the table.

        Raises:
            WriteError: the file cannot be written.
        """
        rows = (lesion for record in run.records() for lesion in record.lesions)
        write_table(self.path, LESION_COLUMNS, rows)
