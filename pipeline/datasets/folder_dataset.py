"""A folder of images as a stream that survives broken files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch.utils.data import IterableDataset
from tqdm import tqdm

from pipeline.datasets.instance_register import InstanceRegister
from pipeline.datasets.read_regions import read_regions
from pipeline.datasets.walk_folder import refuse_folder, walk_folder
from pipeline.errors import ReadError, SkippedError, describe, find_cause
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.writers.output_path import output_path
from pipeline.writers.result_row import ResultRow
from pipeline.writers.run_journal import RunJournal


class FolderDataset(IterableDataset[dict[str, Any]]):
    """Walk a folder and yield every image and every frame of it, transformed.

    The content of a file decides whether it is taken. What cannot be read goes to the journal
    and the walk goes on. Only one frame is held at a time, so a cine needs no more memory than a
    still.

    A frame with several B-mode images gives an item for each of them, one after the other.

    An item has the keys that the transforms make of ``image`` (a `FrameReference` as text), and
    ``file`` (relative to the folder, forward slashes), ``frame`` (from 1; 0 for a file with a
    single one), ``regions_left`` (items of the same frame that are still to come), ``remarks``
    (what the user should know of the file, else empty), ``instance`` (see `InstanceRegister`) and
    ``header`` (of a DICOM file, without its pixels, else `None`).

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
        self.exclude = None if exclude is None else Path(exclude)
        self.progress = progress

    def __iter__(self) -> Iterator[dict[str, Any]]:
        root = self.data if self.data.is_dir() else self.data.parent
        taken: set[str] = set()
        instances = self.journal.instances()
        register = InstanceRegister(root, instances)
        done_dicom = set(instances.values())
        files = walk_folder(self.data, exclude=self.exclude)
        for path in tqdm(files, unit="file", disable=not self.progress):
            file = path.relative_to(root).as_posix()
            if path.is_dir():
                self._fail(file, None, refuse_folder(path))
            elif self.journal.has_result(file):
                taken |= _name_results(file, is_dicom=file in done_dicom, is_still=True)
            elif not self.journal.is_done(file):
                yield from self._iterate_frames(path, file, taken, register)

    def _iterate_frames(
        self, path: Path, file: str, taken: set[str], register: InstanceRegister
    ) -> Iterator[dict[str, Any]]:
        try:
            source = self.reader.open(path)
            count = source.frames
            about: dict[str, Any] = {
                "file": file,
                "instance": register.enter(source.identity["SOPInstanceUID"], file),
                "remarks": "; ".join(source.remarks),
                "header": source.dataset,
            }
        except Exception as error:
            self._fail(file, None, error)
            return
        is_dicom = source.dataset is not None
        names = _name_results(file, is_dicom=is_dicom, is_still=count == 1)
        if taken & names:
            reason = "expected another name: its results would overwrite those of another file"
            self._fail(file, None, ReadError(reason))
            return
        taken |= names
        frames = [None] if count == 1 else range(1, count + 1)
        for frame in frames:
            if self.journal.is_done(file, frame):
                continue
            try:
                items = read_regions(FrameReference(path, frame), self.transform)
            except Exception as error:
                self._fail(file, frame, error)
            else:
                about["frame"] = frame or 0
                for left, item in zip(reversed(range(len(items))), items, strict=True):
                    yield {**item, **about, "regions_left": left}

    def _fail(self, file: str, frame: int | None, error: Exception) -> None:
        cause = find_cause(error)
        status: Any = "skipped" if isinstance(cause, SkippedError) else "failed"
        self.journal.add(ResultRow(file, frame, status, describe(cause)))


def _name_results(file: str, *, is_dicom: bool, is_still: bool) -> set[str]:
    """Name the results as a file system sees them that does not tell capitals from small letters.

    Of a DICOM file there are objects beside the mask; masks of a cine are in a folder.
    """
    suffixes = [".png"] * is_still + [".dcm"] * is_dicom
    return {str(output_path(file, None, suffix)).lower() for suffix in suffixes}
