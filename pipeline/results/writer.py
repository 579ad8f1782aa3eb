"""Base class of writers, which get each image, each file and the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.results.output_path import output_path

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.results.finished_run import FinishedRun
    from pipeline.results.result import Result
    from pipeline.results.source_result import SourceResult


class Writer:
    """Base class of all writers; each takes what it needs, and writes files whole or not at all.

    Attributes:
        needs_sources: whether `write_source` is to be called, for which the masks of a whole file
            are kept.
        needs_header: whether only a DICOM source has such files.
        root: folder of the files that `write` or `write_source` makes, if it makes any.
        suffix: of these files.
        path: file that `write_run` makes, if it makes one.

    Only files that `root` and `suffix`, or `list_run_files`, name are known to be of this program,
    and are removed when they are outdated.
    """

    needs_sources = False
    needs_header = False
    root: Path | None = None
    suffix = ""
    path: Path | None = None

    def locate(self, file: str, frame: int | None) -> Path:
        """Return the path of the file made from an image, or from a source as a whole.

        Args:
            file: path of the source relative to the input folder, with forward slashes.
            frame: number of the frame from 1, `None` for a file with a single one; is not looked
                at if there is one file for all frames.

        Raises:
            ValueError: the writer has no `root`.
        """
        if self.root is None:
            msg = f"expected a root, {type(self).__name__} has none"
            raise ValueError(msg)
        return self.root / output_path(file, None if self.needs_sources else frame, self.suffix)

    def write(self, result: Result) -> None:
        """Write what belongs to one image or frame.

        Raises:
            WriteError: a file cannot be written.
        """

    def write_source(self, source: SourceResult) -> None:
        """Write what belongs to one file, after all its frames.

        Raises:
            WriteError: a file cannot be written.
        """

    def list_run_files(self, run: FinishedRun) -> list[Path]:
        """List the files that `write_run` may make, by default `path`.

        Args:
            run: see `write_run`.
        """
        del run
        return [] if self.path is None else [self.path]

    def write_run(self, run: FinishedRun) -> None:
        """Write what belongs to the whole run, at its end.

        Args:
            run: the results of all files, those of an interrupted run that it went on with too.

        Raises:
            WriteError: a file cannot be written.
        """
