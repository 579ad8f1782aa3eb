"""Files that are damaged, malicious or odd: what the reader says of each, and a run of them all.

Legend: `bad_files.BAD_FILES`. What is taken shows the orientation phantom, 64 x 96.
"""

import contextlib
import errno
import hashlib
import io
import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bad_files import (
    BAD_FILES,
    CLOSED,
    DECOY,
    IMAGE,
    LABEL,
    SECRET,
    BadFile,
    list_bad_files,
)
from bundle_runs import read_table, run_brightness
from peak_memory import HAS_PROC, PeakMemory
from PIL import Image

from pipeline.errors import ReadError, SkippedError
from pipeline.phantom.phantom_dicom import DicomKind, make_phantom_dataset, write_phantom_dicom
from pipeline.readers.frame_reference import FrameReference
from pipeline.readers.ultrasound_reader import UltrasoundReader

pytestmark = pytest.mark.slow

MOST_MEMORY_BYTES = 600 << 20
"""What a bomb may take: a deflated data set may have 256 MiB, and is there twice for a moment."""

HANGS_S = 60
"""Seconds after which a test is ended; a file takes less than 2 of them on an idle machine."""

needs_proc = pytest.mark.skipif(not HAS_PROC, reason="needs /proc")

JPEG_TOLERANCE = 8
PLANTED = (SECRET, "passwd")
"""What stands in names of patients and UIDs of the files."""

BY_READER = [kind for kind in BAD_FILES if not kind.in_run_only]
IN_RUN = [kind for kind in BAD_FILES if not kind.name.startswith("million-")]
"""All but some that take seconds each: a run gets them from the same reader, as other bombs."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file: its frames (H, W), or the error."""

    frames: list[np.ndarray] = field(default_factory=list)
    error: ReadError | None = None
    reason: str = ""

    @property
    def status(self) -> str:
        if self.error is None:
            return "taken"
        return "skipped" if isinstance(self.error, SkippedError) else "failed"


def read_file(path: Path) -> Outcome:
    """Read all frames of a file; only a `ReadError` is caught."""
    reader = UltrasoundReader()
    try:
        source = reader.open(path)
        numbers = range(1, source.frames + 1) if source.frames > 1 else [None]
        frames = [reader.get_data(FrameReference(path, number))[0][0] for number in numbers]
    except ReadError as error:
        return Outcome(error=error, reason=str(error))
    return Outcome(frames, reason="; ".join(source.remarks))


@dataclass(frozen=True)
class Told:
    """All that a user may see of a run."""

    log: str
    streams: str

    def quotes(self) -> list[str]:
        """Give what of the planted text is in there."""
        return [text for text in PLANTED if text in self.log + self.streams]


@contextlib.contextmanager
def listen(folder: Path) -> Iterator[Callable[[], Told]]:
    """Catch the log, at its most talkative, and the streams, also of libraries in C."""
    log, printed = io.StringIO(), io.StringIO()
    handler, root = logging.StreamHandler(log), logging.getLogger()
    level = root.level
    path = folder / "streams.txt"
    with contextlib.ExitStack() as stack, path.open("w") as file:
        for descriptor in (1, 2):
            kept = os.dup(descriptor)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, descriptor)
            os.dup2(file.fileno(), descriptor)
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.redirect_stderr(printed))
        root.addHandler(handler)
        stack.callback(root.removeHandler, handler)
        root.setLevel(logging.DEBUG)
        stack.callback(root.setLevel, level)
        yield lambda: Told(log.getvalue(), printed.getvalue() + path.read_text(errors="replace"))


@pytest.fixture(scope="module", autouse=True)
def _started_codec(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Start the process that decodes, and see that sound files are taken."""
    folder = tmp_path_factory.mktemp("sound")
    write_phantom_dicom(folder / "x.dcm", IMAGE, kind=DicomKind.YBR_FULL_422_JPEG)
    Image.fromarray(IMAGE).save(folder / "x.png")
    assert [read_file(folder / name).status for name in ("x.dcm", "x.png")] == ["taken"] * 2


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """End a test that hangs."""

    def ring(*args: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def escape(name: str) -> str:
    """Write a name as the table does."""
    shown = name.replace("\n", "\\n").encode(errors="backslashreplace").decode()
    return f"'{shown}" if shown.startswith("=") else shown


def each(kinds: list[BadFile]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=lambda kind: escape(kind.name)[:40])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the run, and two sound ones of two patients."""
    folder = tmp_path_factory.mktemp("run") / "in"
    folder.mkdir()
    for kind in IN_RUN:
        kind.write(folder / kind.name)
    _write_good(folder)
    return folder


@each(BY_READER)
def test_reader_tells_what_is_wrong(kind: BadFile, folder: Path, tmp_path: Path) -> None:
    path = folder / kind.name
    if kind not in IN_RUN:
        path = tmp_path / kind.name
        kind.write(path)
    with listen(tmp_path) as hear, PeakMemory() as peak:
        outcome = read_file(path)
        told = hear()
    assert outcome.status == kind.expected
    assert re.search(kind.reason, outcome.reason)
    assert told.quotes() == []
    assert not [text for text in PLANTED if text in outcome.reason]
    assert peak.bytes < MOST_MEMORY_BYTES
    if kind.expected == "taken":
        assert outcome.frames
    if kind.shows_phantom:
        for frame in outcome.frames:
            assert frame.shape == IMAGE.shape
            assert np.abs(frame - IMAGE).max() <= JPEG_TOLERANCE


@needs_proc
def test_memory_is_measured() -> None:
    with PeakMemory() as peak:
        np.ones(100 << 20, np.uint8)
    assert 90 << 20 < peak.bytes < 200 << 20


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        for kind in BAD_FILES:
            if not kind.is_heavy:
                kind.write(tmp_path / folder / kind.name)
    assert _list_files(tmp_path / "a") == _list_files(tmp_path / "b")


@pytest.mark.parametrize(
    "tell",
    [lambda text: sys.stdout.write(text), logging.debug, lambda text: os.write(2, text.encode())],
)
def test_what_is_said_is_heard(tell: Callable[[str], object], tmp_path: Path) -> None:
    with listen(tmp_path) as hear:
        tell(f"{SECRET}^PATIENT")
        told = hear()
    assert told.quotes() == [SECRET]


def test_names_are_reported_apart() -> None:
    names = [name for name, _, _, _ in list_bad_files()]
    assert len(names) == len(set(names))


@dataclass(frozen=True)
class Run:
    """A run over the files, and two sound ones of two patients."""

    folder: Path
    output: Path
    table: dict[str, list[dict[str, str]]]
    told: Told
    exit_code: Any
    before: dict[str, bytes]
    temporary: list[Path]


GOOD = {"sound-a.dcm": IMAGE[:, ::-1], "sound-b.dcm": IMAGE[::-1]}
LABELS = {"sound-a.dcm": LABEL[:, ::-1], "sound-b.dcm": LABEL[::-1]}


def _write_good(folder: Path) -> None:
    for seed, (name, image) in enumerate(GOOD.items()):
        dataset = make_phantom_dataset(image, seed=seed, mm_per_pixel=(0.2, 0.2))
        dataset.PatientName, dataset.PatientID = f"{SECRET}^{seed}", f"{SECRET}-{seed}"
        dataset.save_as(folder / name, enforce_file_format=True)


def _list_files(folder: Path) -> dict[str, bytes]:
    """Hash what is below a folder; links and pipes count by name."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_plain = path.is_file() and not path.is_symlink() and path.stat().st_size < (1 << 30)
        content = path.read_bytes() if is_plain else b""
        found[str(path.relative_to(folder))] = hashlib.sha256(content).digest()
    return found


@contextlib.contextmanager
def _closing(folder: Path) -> Iterator[None]:
    """Refuse what is called closed, as permissions do to those who are not root."""
    scandir, open_path = os.scandir, Path.open

    def refuse(path: Any) -> None:
        if Path(os.fsdecode(path)).stem == CLOSED:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))

    def refusing_scandir(path: Any = ".") -> Any:
        refuse(path)
        return scandir(path)

    def refusing_open(self: Path, *args: Any, **options: Any) -> Any:
        refuse(self)
        return open_path(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", refusing_scandir)
        patch.setattr(Path, "open", refusing_open)
        yield


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    top = folder.parent
    # As deep as that the paths in UIDs would end within `top`.
    output, temporary = top / "a" / "b" / "c" / "out", top / "temporary"
    temporary.mkdir()
    before = _list_files(folder)
    with pytest.MonkeyPatch.context() as patch, listen(top) as hear:
        patch.setattr(tempfile, "tempdir", str(temporary))
        patch.setenv("TMPDIR", str(temporary))
        with _closing(folder), pytest.raises(SystemExit) as caught:
            run_brightness(folder, output)
        told = hear()
    table: dict[str, list[dict[str, str]]] = {}
    for row in read_table(output):
        table.setdefault(row["file"], []).append(row)
    left = list(temporary.rglob("*"))
    return Run(folder, output, table, told, caught.value.code, before, left)


def _read_mask(run: Run, name: str) -> np.ndarray:
    return np.asarray(Image.open(run.output / "masks" / name)) == 255


def test_run_has_a_row_with_a_reason_for_each(run: Run) -> None:
    rows = [(kind, row) for kind in IN_RUN for row in run.table[escape(kind.name)]]
    assert [row for kind, row in rows if not _is_as_expected(kind, row)] == []


def _is_as_expected(kind: BadFile, row: dict[str, str]) -> bool:
    expected, reason = kind.in_run or (kind.expected, kind.reason)
    if (kind.name, row["frame"]) == (DECOY, "2"):
        expected, reason = "failed", "expected another name"
    is_reported = re.search(reason, row["reason"]) and not row["reason"].startswith("unexpected")
    return _VERDICTS[row["status"]] == expected and bool(is_reported)


_VERDICTS = {"ok": "taken", "no_lesion": "taken", "skipped": "skipped", "failed": "failed"}


@pytest.mark.parametrize("name", GOOD)
def test_run_does_the_sound_files_each_from_its_own_pixels(name: str, run: Run) -> None:
    assert [row["status"] for row in run.table[name]] == ["ok"]
    mask, label = _read_mask(run, f"{name}.png"), LABELS[name]
    assert (mask & label).sum() / (mask | label).sum() > 0.9


def test_frame_is_not_mixed_up_with_a_file_of_its_name(run: Run) -> None:
    statuses = {row["frame"]: row["status"] for row in run.table[DECOY]}
    assert statuses == {"1": "ok", "2": "failed", "3": "ok"}


def test_run_tells_of_failures_by_its_exit_code(run: Run) -> None:
    assert run.exit_code == 2


def test_run_knows_every_file_and_no_other(run: Run) -> None:
    assert run.table.keys() == {*(escape(kind.name) for kind in IN_RUN), *GOOD}


def test_run_quotes_no_file(run: Run) -> None:
    assert "empty.dcm" in run.told.log
    assert run.told.quotes() == []


def test_run_writes_no_patient_but_into_dicom(run: Run) -> None:
    outputs = [path for path in run.output.rglob("*") if path.is_file() and path.suffix != ".dcm"]
    assert run.output / "results.csv" in outputs
    for path in outputs:
        content = path.read_bytes()
        assert not [text for text in PLANTED if text.encode() in content]


def test_run_names_no_file_after_a_patient(run: Run) -> None:
    names = "\n".join(str(path) for path in run.folder.parent.rglob("*"))
    assert not [text for text in PLANTED if text in names]


def test_run_writes_below_its_folder_only(run: Run) -> None:
    top = run.folder.parent
    outside = [path for path in top.rglob("*") if run.output not in (path, *path.parents)]
    allowed = {"in", "a", "a/b", "a/b/c", "a/b/c/identity.pt", "temporary", "streams.txt"}
    found = {path.relative_to(top).as_posix() for path in outside if run.folder not in path.parents}
    assert found == allowed
    assert _list_files(run.folder) == run.before


def test_run_leaves_no_temporary_files(run: Run) -> None:
    assert run.temporary == []
    names = [path.name for path in run.output.rglob("*")]
    assert not [name for name in names if name.startswith(".") or "partial" in name]


def test_run_writes_a_mask_for_what_it_has_taken_only(run: Run) -> None:
    masks = [path for path in (run.output / "masks").rglob("*") if path.is_file()]
    rows = [row for rows in run.table.values() for row in rows]
    taken = [row for row in rows if _is_taken(row) or row["reason"].startswith("segmented, but")]
    assert len(masks) == len(taken)


def _is_taken(row: dict[str, str]) -> bool:
    return _VERDICTS[row["status"]] == "taken"
