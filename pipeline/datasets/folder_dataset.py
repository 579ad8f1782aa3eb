"""A folder of images as a stream that survives broken files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch.utils.data import IterableDataset
from tqdm import tqdm

from pipeline.datasets.instance_register import Instance, InstanceRegister
from pipeline.datasets.read_frame import read_frame
from pipeline.datasets.walk_folder import refuse_folder, walk_folder
from pipeline.errors import ReadError, SkippedError, describe, find_cause
from pipeline.file_stamp import FileStamp
from pipeline.get_logger import get_logger
from pipeline.journal.run_journal import RunJournal
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader
from pipeline.results.frame import Frame, Source
from pipeline.results.output_path import output_path
from pipeline.results.result_row import ResultRow

logger = get_logger(__name__)


class FolderDataset(IterableDataset[Frame]):
    """Walk a folder and yield every image and every frame of it as a `Frame`.

    The content of a file decides whether it is taken. What cannot be read goes to the journal
    and the walk goes on. Only one frame is held at a time, so a cine needs no more memory than a
    still.

    The header of a file is left out if another file has had its instance, as there cannot be two
    results of one instance.

    A file that is done and has not changed is left out. What is done again, in whichever order
    files were added, comes out as if nothing had been done before.

    Args:
        data: a folder, or a single file.
        transform: the preprocessing, see `read_frame`.
        reader: the one that `LoadImaged` uses, so that each file is opened once.
        journal: knows what is done, and takes what was skipped or failed.
        exclude: a folder inside `data` that is not entered, usually the output.
        files: which files there are, in the order of `walk_folder`; `None` walks.
        progress: show a bar on standard error, if that is a terminal.
    """

    def __init__(
        self,
        data: str | Path,
        transform: Callable[[dict[str, Any]], Any],
        *,
        reader: UltrasoundReader,
        journal: RunJournal,
        exclude: str | Path | None = None,
        files: Sequence[Path] | None = None,
        progress: bool = True,
    ) -> None:
        self.data = Path(data)
        self.transform = transform
        self.reader = reader
        self.journal = journal
        self.exclude = None if exclude is None else Path(exclude)
        self.files = files
        self.progress = progress

    def __iter__(self) -> Iterator[Frame]:
        root = self.data if self.data.is_dir() else self.data.parent
        files = self.files
        if files is None:
            files = walk_folder(self.data, exclude=self.exclude)
        names = [path.relative_to(root).as_posix() for path in files]
        logger.info("files found in %s: %d", self.data, len(files))
        self.journal.keep_only(set(names))
        taken = _Taken(root, self.journal)
        for path, file in tqdm(
            zip(files, names, strict=True),
            total=len(files),
            unit="file",
            disable=None if self.progress else True,
            dynamic_ncols=True,
        ):
            if self.journal.is_stopped:
                return
            taken.visit(file)
            if self.journal.keeps(file, path):
                taken.note(file)
            elif self.journal.leaves_out(file):
                continue
            elif path.is_dir():
                self._refuse(path, file, refuse_folder(path))
            else:
                yield from self._iterate_frames(path, file, taken)

    def _iterate_frames(self, path: Path, file: str, taken: "_Taken") -> Iterator[Frame]:
        try:
            self.journal.visit(file)
            stamp = FileStamp.of(path)
            source = self.reader.open(path)
            count = source.frames
            about = Source(file, "; ".join(source.remarks), source.dataset)
            stamp = stamp.hash(path)
            instance = taken.enter(source.identity["SOPInstanceUID"], file)
        except Exception as error:
            self._refuse(path, file, error)
            return
        self.journal.begin(file, stamp, instance.first)
        about = replace(about, instance=instance.code)
        if instance.is_copy:
            self._fail(file, None, SkippedError(instance.remark))
            return
        if instance.first:
            remarks = "; ".join(filter(None, [about.remarks, instance.remark]))
            about = replace(about, remarks=remarks, header=None)
        is_dicom = about.header is not None
        if not taken.take(file, _name_results(file, is_dicom=is_dicom, is_still=count == 1)):
            reason = "expected another name: its results would overwrite those of another file"
            self._fail(file, None, ReadError(reason))
            return
        has_frames = False
        for number in [None] if count == 1 else range(1, count + 1):
            if self.journal.is_done(file, number):
                continue
            try:
                frame = read_frame(FrameReference(path, number), self.transform)
                if not FileStamp.of(path).has_content_of(stamp):
                    msg = "expected a file at rest, it was changed while it was read: run again"
                    raise ReadError(msg)
            except Exception as error:
                self._fail(file, number, error)
            else:
                has_frames = True
                yield replace(frame, source=about)
        if not has_frames:
            self.journal.complete(file)

    def _refuse(self, path: Path, file: str, error: Exception) -> None:
        """Note a file or folder that is not read."""
        try:
            stamp = FileStamp.of(path)
        except OSError:
            stamp = None
        self.journal.begin(file, stamp)
        self._fail(file, None, error)

    def _fail(self, file: str, frame: int | None, error: Exception) -> None:
        cause = find_cause(error)
        status: Any = "skipped" if isinstance(cause, SkippedError) else "failed"
        self.journal.add(ResultRow(file, frame, status, describe(cause)))
        if frame is None:
            self.journal.complete(file)


class _Taken:
    """Names of results, and instances, that files have taken in the order of the walk.

    A file that is done, but comes later in the walk, gives way to one that needs the same.
    """

    def __init__(self, root: Path, journal: RunJournal) -> None:
        self._journal = journal
        self._register = InstanceRegister(root)
        self._waiting: set[str] = set()
        self._names: set[str] = set()
        self._names_of: dict[str, set[str]] = {}
        self._later_names: dict[str, str] = {}
        self._instances: dict[str, str] = {}
        self._later_instances: dict[str, str] = {}
        for file, known in journal.list_done().items():
            done = {
                frame: row.instance
                for frame, row in known.rows.items()
                if row.status in ("ok", "no_lesion")
            }
            if not done:
                continue
            instance = "" if known.first else next(iter(done.values()))
            is_still = next(iter(done)) is None
            names = _name_results(file, is_dicom=bool(instance), is_still=is_still)
            self._waiting.add(file)
            self._names_of[file] = names
            self._later_names |= dict.fromkeys(names, file)
            if instance:
                self._instances[file] = instance
                self._later_instances[instance] = file

    def visit(self, file: str) -> None:
        """Note that the walk has come to a file."""
        self._waiting.discard(file)

    def note(self, file: str) -> None:
        """Note a file that is done, and has not changed."""
        self._names |= self._names_of.get(file, set())
        if file in self._instances:
            self._register.note(self._instances[file], file)

    def enter(self, uid: str, file: str) -> Instance:
        """Note an instance, see `InstanceRegister`."""
        instance = self._register.enter(uid, file)
        if not instance.first:
            self._give_way(self._later_instances.get(instance.code, ""))
        return instance

    def take(self, file: str, names: set[str]) -> bool:
        """Reserve names for results; return whether they were free."""
        if self._names & names:
            return False
        self._names |= names
        for name in names:
            self._give_way(self._later_names.get(name, ""))
        return True

    def _give_way(self, later: str) -> None:
        if later in self._waiting:
            self._journal.forget(later)


def _name_results(file: str, *, is_dicom: bool, is_still: bool) -> set[str]:
    """Name the results as a file system does that ignores case.

    Of a DICOM file there are objects beside the mask; masks of a cine are in a folder.
    """
    suffixes = [".png"] * is_still + [".dcm"] * is_dicom
    return {str(output_path(file, None, suffix)).lower() for suffix in suffixes}
