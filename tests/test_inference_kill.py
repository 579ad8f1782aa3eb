"""A run that is killed again and again ends as if it had never been, and leaves nothing broken.

Images: eight orientation phantoms, 64 x 96, as PNG and DICOM in turns, and a cine of three frames
among them.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_runs import ROOT, read_table, run_brightness
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.results.result import Result
from pipeline.writers import PngOverlay

pytestmark = pytest.mark.slow

IMAGES = 8
MOST_KINDS = 0.6
"""Share of the kinds of operations at which a run is killed; some are done by the run before."""
IMAGE, _ = make_orientation_phantom(64, 96)
TIMES = ("started", "ended", "seconds")
OURS = ("breast-us-seg.jsonl", "breast-us-seg.lock")
"""Files for the next run, which say when and by whom."""

RUNS = """
import gc, json, os, signal, sys
from pathlib import Path

from bundle_runs import run_brightness
from pipeline.readers.codec import codec_child
from pipeline.readers.codec.codec_worker import CodecWorker

EVENTS = {"open", "os.mkdir", "os.remove", "os.rename"}

def decode(worker, task, arguments, payload=b""):
    arguments = json.loads(json.dumps(arguments))
    return codec_child._load(codec_child.TASKS, task)(arguments, payload)

def name(event, path, output):
    first, *rest = Path(path).relative_to(output).parts or ("",)
    return f"{event} {'.tmp' if first.endswith('.tmp') else first}{'/' if rest else ''}"

def run(source, output, kind, number, notes):
    operations = []

    def audit(event, arguments):
        if event not in EVENTS:
            return
        path = str(arguments[1 if event == "os.rename" else 0])
        if path.startswith(output):
            operations.append(name(event, path, output))
            if operations[-1] == kind and operations.count(kind) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)
    try:
        run_brightness(Path(source), Path(output))
    finally:
        Path(notes).write_text(json.dumps(operations))

answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
CodecWorker.call = decode  # here: a process of its own for each run would take longer than the run
run_brightness(*map(Path, sys.argv[1:]))  # imports what the runs need, once
gc.freeze()  # leaves these objects to all processes in common
for line in sys.stdin:
    process = os.fork()
    if process == 0:
        try:
            run(*json.loads(line))
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(3)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), file=answers, flush=True)
"""
"""A process that imports everything once, and then forks for each run that it is told of.

A run kills itself at its n-th operation of a kind on a file of the output, before that is done:
opening, renaming, removing, making a folder. What is written between two of them is in a file that
has not got its name yet, or one line of the journal. At the end it notes its operations.
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill") / "in"
    folder.mkdir()
    for number in range(IMAGES):
        image = np.roll(IMAGE, 2 * number, axis=number % 2)
        if number % 2:
            Image.fromarray(image).save(folder / f"{number:02d}.png")
        else:
            mm = (0.1, 0.2)
            write_phantom_dicom(folder / f"{number:02d}.dcm", image, mm_per_pixel=mm)
    write_phantom_dicom(folder / "05_sweep.dcm", np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]))
    (folder / "notes.txt").write_text("no image")
    return folder


class Runner:
    """Starts runs, and kills them."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self._process = process
        self._notes = folder / "operations.json"
        self._log = folder / "log.txt"

    def run(self, source: Path, output: Path, kind: str = "", number: int = 1) -> int:
        """Run until the n-th operation of a kind, or to the end; give the exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = [str(source), str(output), kind, number, str(self._notes)]
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, self._log.read_text()
        assert int(answer) in (0, 2, -signal.SIGKILL), self._log.read_text()
        return int(answer)

    def operations(self) -> Counter[str]:
        """Count the operations of the last run that came to its end, by kind."""
        return Counter(json.loads(self._notes.read_text()))


def list_moments(operations: Counter[str]) -> Iterator[tuple[str, int]]:
    """Begin with the second frame of the cine, then give the first operation of each kind."""
    yield "os.rename masks/", 7
    yield from dict.fromkeys(operations, 1).items()


@pytest.fixture(scope="module")
def runner(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("runner")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with (
        (folder / "log.txt").open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-c", RUNS, str(source), str(folder / "out")],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        yield Runner(process, folder)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def whole(
    runner: Runner, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], Counter[str]]:
    """Files of a run that nothing disturbs, and its operations."""
    output = tmp_path_factory.mktemp("whole") / "out"
    assert runner.run(source, output) == 0
    return read_outputs(output), runner.operations()


def read_outputs(output: Path) -> dict[str, bytes]:
    """Read all files that have their final name; of `run.json` all but the times."""
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and path.suffix != ".tmp" and not path.name.startswith(OURS)
    }
    if "run.json" in files:
        facts = json.loads(files["run.json"])
        files["run.json"] = repr([facts[name] for name in facts if name not in TIMES]).encode()
    return files


def assert_clean(output: Path) -> None:
    """Check that nothing is left but the journal: no lock, and no temporary file."""
    left = [path.name for path in output.rglob("*") if path.name.startswith((".", *OURS))]
    assert left == [OURS[0]]


def test_killed_at_each_kind_of_operation(
    runner: Runner,
    source: Path,
    whole: tuple[dict[str, bytes], Counter[str]],
    tmp_path: Path,
) -> None:
    """One run after the other in one folder, each killed a step later than the one before."""
    expected, operations = whole
    output, killed = tmp_path / "out", []
    for kind, number in list_moments(operations):
        status = runner.run(source, output, kind, number)
        found = read_outputs(output)
        assert {name for name in found if found[name] != expected.get(name)} == set(), kind
        if status == -signal.SIGKILL:
            killed.append(kind)
    assert runner.run(source, output) == 0
    assert len(killed) >= MOST_KINDS * len(operations)
    assert read_outputs(output) == expected
    assert_clean(output)
    assert len(read_table(output)) == IMAGES + 3 + 1


def test_killed_while_inputs_change_and_go(
    runner: Runner, source: Path, whole: tuple[dict[str, bytes], Counter[str]], tmp_path: Path
) -> None:
    """After a finished run: at no moment is there an object of an input that is not there."""
    changed, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(source, changed)
    assert runner.run(changed, output) == 0
    for name in ("00.dcm", "03.png"):
        (changed / name).unlink()
    for name in ("02.dcm", "05_sweep.dcm"):
        write_phantom_dicom(changed / name, IMAGE, mm_per_pixel=(0.1, 0.2))
    (changed / "06.dcm").write_bytes((changed / "06.dcm").read_bytes()[:700])
    (changed / "01.png").write_bytes((changed / "07.png").read_bytes())
    assert runner.run(changed, tmp_path / "new") == 2
    expected = read_outputs(tmp_path / "new")
    shutil.copytree(output, tmp_path / "copy")
    assert runner.run(changed, tmp_path / "copy") == 2
    operations, killed = runner.operations(), []
    assert read_outputs(tmp_path / "copy") == expected
    old = read_outputs(output)
    for kind in operations:
        if not kind.startswith(("os.remove", "os.rename")):
            continue
        status = runner.run(changed, output, kind)
        found = read_outputs(output)
        kept = {name for name in found if found[name] == old.get(name)}
        assert {name for name in found if found[name] != expected.get(name)} <= kept, kind
        if status == -signal.SIGKILL:
            killed.append(kind)
    assert runner.run(changed, output) == 2
    assert "os.remove masks/" in killed
    assert read_outputs(output) == expected
    assert_clean(output)


def stop_in(source: Path, output: Path, file: str, **overrides: Any) -> None:
    """Run until a file, then stop as by Ctrl-C; frames called 1 fail on the way."""
    write = PngOverlay.write

    def fail_or_stop(self: PngOverlay, result: Result) -> None:
        if result.file == file:
            raise KeyboardInterrupt
        if result.frame == 1:
            raise ValueError
        write(self, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PngOverlay, "write", fail_or_stop)
        with pytest.raises(KeyboardInterrupt):
            run_brightness(source, output, **overrides)


def test_cine_of_which_a_frame_has_failed_is_done_again_as_a_whole(
    source: Path, whole: tuple[dict[str, bytes], Counter[str]], tmp_path: Path
) -> None:
    stop_in(source, tmp_path / "out", "06.dcm")
    run_brightness(source, tmp_path / "out")
    name = "seg/05_sweep.dcm"
    assert read_outputs(tmp_path / "out")[name] == whole[0][name]
    assert {row["status"] for row in read_table(tmp_path / "out")} == {"ok", "skipped"}


BY_FRAMES = {"outputs#seg": False, "outputs#sr": False}
"""So that the last line of the journal is that of an image."""


@pytest.fixture(scope="module")
def whole_by_frames(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    output = tmp_path_factory.mktemp("by_frames") / "out"
    run_brightness(source, output, **BY_FRAMES)
    return read_outputs(output)


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_last_line_of_the_journal_is_cut_off(
    cut: int, source: Path, whole_by_frames: dict[str, bytes], tmp_path: Path
) -> None:
    stop_in(source, tmp_path / "out", "04.dcm", **BY_FRAMES)
    journal = tmp_path / "out" / OURS[0]
    journal.write_bytes(journal.read_bytes()[:-cut])
    run_brightness(source, tmp_path / "out", **BY_FRAMES)
    assert read_outputs(tmp_path / "out") == whole_by_frames
