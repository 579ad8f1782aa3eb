"""What a writer is told: each image, each file, and the end of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.writers.finished_run import FinishedRun
    from pipeline.writers.result import Result
    from pipeline.writers.source_result import SourceResult


class Writer:
    """Base class of all writers; each takes what it needs, and writes files whole or not at all.

    Attributes:
        needs_sources: whether `write_source` is to be called, for which the masks of a whole file
            are kept.
    """

    needs_sources = False

    def write(self, result: Result) -> None:
        """Write what belongs to one image or frame.

        Args:
            result: the segmentation of it.

        Raises:
            WriteError: a file cannot be written.
        """

    def write_source(self, source: SourceResult) -> None:
        """Write what belongs to one file, after all its frames.

        Args:
            source: the results of its frames.

        Raises:
            WriteError: a file cannot be written.
        """

    def write_run(self, run: FinishedRun) -> None:
        """Write what belongs to the whole run, at its end.

        Args:
            run: the results of all files, those of an interrupted run that it went on with too.

        Raises:
            WriteError: a file cannot be written.
        """
