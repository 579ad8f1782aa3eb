"""A folder of images as a stream that survives broken files."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import IterableDataset
from tqdm import tqdm

from pipeline.errors import PipelineError, ReadError, SkippedError
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.writers.output_path import output_path
from pipeline.writers.run_journal import ResultRow, RunJournal


class FolderDataset(IterableDataset[dict[str, Any]]):
    """Walk a folder and yield every image and every frame of it, transformed.

    The content of a file decides whether it is taken. What cannot be read goes to the journal
    and the walk goes on. Only one frame is held at a time, so a cine needs no more memory than a
    still.

    An item has the keys that the transforms make of ``image`` (a path or ``path#frame=k``), and
    ``file`` (relative to the folder, forward slashes), ``frame`` (from 1; 0 for a file with a
    single one) and ``started`` (`time.perf_counter`).

    Args:
        data: a folder, or a single file.
        transform: of an item; starts with `LoadImaged`.
        reader: the one that `LoadImaged` uses, so that each file is opened once.
        journal: knows what is done, and takes what was skipped or failed.
        exclude: a folder inside `data` that is not entered, usually the output.
        progress: show a bar on standard error.
    """

    def __init__(
        self,
        data: str | Path,
        transform: Callable[[dict[str, Any]], Any],
        *,
        reader: UltrasoundReader,
        journal: RunJournal,
        exclude: str | Path | None = None,
        progress: bool = True,
    ) -> None:
        self.data = Path(data)
        self.transform = transform
        self.reader = reader
        self.journal = journal
        self.exclude = None if exclude is None else Path(exclude).resolve()
        self.progress = progress

    def __iter__(self) -> Iterator[dict[str, Any]]:
        root = self.data if self.data.is_dir() else self.data.parent
        taken: set[str] = set()
        for path in tqdm(self.list_files(), unit="file", disable=not self.progress):
            file = path.relative_to(root).as_posix()
            if path.is_dir():
                self._fail(file, None, _refuse_folder(path))
            elif self.journal.has_result(file):
                taken.add(_name_result(file))
            elif not self.journal.is_done(file):
                yield from self._iterate_frames(path, file, taken)

    def list_files(self) -> list[Path]:
        """List what will be looked at, in the order of the run.

        Links to folders are not followed, so that the walk ends.

        Returns:
            The files, sorted folder by folder; then the folders that are not entered.
        """
        if not self.data.is_dir():
            return [self.data]
        files: list[Path] = []
        closed: list[Path] = []

        def note(error: OSError) -> None:
            closed.append(Path(error.filename))

        for folder, folders, names in os.walk(self.data, followlinks=False, onerror=note):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if not self._is_excluded(here / name))
            closed += [here / name for name in folders if (here / name).is_symlink()]
            files += [here / name for name in sorted(names)]
        return files + sorted(closed)

    def _is_excluded(self, folder: Path) -> bool:
        return self.exclude is not None and folder.resolve() == self.exclude

    def _iterate_frames(self, path: Path, file: str, taken: set[str]) -> Iterator[dict[str, Any]]:
        if not path.is_file():
            self._fail(file, None, ReadError("expected a regular file, got a device or dead link"))
            return
        started = time.perf_counter()
        try:
            count = self.reader.open(path).frames
        except Exception as error:
            self._fail(file, None, error)
            return
        if count == 1:
            name = _name_result(file)
            if name in taken:
                reason = "expected another name: its results would overwrite those of another file"
                self._fail(file, None, ReadError(reason))
                return
            taken.add(name)
        frames = [None] if count == 1 else range(1, count + 1)
        for frame in frames:
            if self.journal.is_done(file, frame):
                continue
            try:
                item = self.transform({"image": str(FrameReference(path, frame))})
            except Exception as error:
                self._fail(file, frame, error)
            else:
                yield {**item, "file": file, "frame": frame or 0, "started": started}
            started = time.perf_counter()

    def _fail(self, file: str, frame: int | None, error: Exception) -> None:
        cause = find_cause(error)
        status: Any = "skipped" if isinstance(cause, SkippedError) else "failed"
        self.journal.add(ResultRow(file, frame, status, describe(cause)))


def _refuse_folder(path: Path) -> ReadError:
    if path.is_symlink():
        return SkippedError("a link to a folder, which is not followed: run that folder by itself")
    return ReadError("expected a folder that may be entered")


def _name_result(file: str) -> str:
    """Name the result as a file system sees it that does not tell capitals from small letters."""
    return str(output_path(file, None)).lower()


def find_cause(error: BaseException) -> BaseException:
    """Find the exception of this package that MONAI has wrapped, or the innermost one.

    Args:
        error: what was caught.

    Returns:
        The outermost `PipelineError` of the chain of causes, else its end.
    """
    while not isinstance(error, PipelineError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def describe(error: BaseException) -> str:
    """Tell what went wrong without quoting a file's content.

    Args:
        error: ours, whose message is safe, or anybody's, of which only the type is told.
    """
    if isinstance(error, PipelineError):
        return str(error)
    return f"unexpected {type(error).__name__}"
