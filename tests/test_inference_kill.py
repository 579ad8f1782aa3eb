"""A run that is killed ten times ends as if it had never been, and leaves nothing broken meanwhile.

Images: twelve orientation phantoms, 64 x 96, as PNG and DICOM in turns, and a cine of three frames
among them.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_runs import ROOT, read_table, run_brightness
from PIL import Image

from pipeline.phantom.phantom import make_orientation_phantom
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.results.result import Result
from pipeline.writers import PngOverlay

pytestmark = pytest.mark.slow

KILLS = 10
IMAGE, _ = make_orientation_phantom(64, 96)
TIMES = ("started", "ended", "seconds")
OURS = ("breast-us-seg.jsonl", "breast-us-seg.lock")
"""Files for the next run, which say when and by whom."""

RUNS = """
import io, json, os, signal, sys
from pathlib import Path

from bundle_runs import run_brightness

EVENTS = {"open", "os.mkdir", "os.remove", "os.rename"}

def run(source, output, moment, channel):
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    events = 0

    def count(path):
        nonlocal events
        if str(path).startswith(output):
            events += 1
            if events == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    def audit(event, arguments):
        if event in EVENTS:
            count(arguments[0])

    def profile(frame, event, function):
        if event == "c_call" and function.__name__ == "write":
            file = function.__self__
            if isinstance(file, (io.BufferedWriter, io.BufferedRandom)):
                count(file.name)

    sys.addaudithook(audit)
    sys.setprofile(profile)
    run_brightness(Path(source), Path(output))
    os.write(channel, str(events).encode())

for line in sys.stdin:
    source, output, moment = json.loads(line)
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            run(source, output, moment, writing)
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        finally:
            os._exit(0)
    os.close(writing)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    print(json.dumps([status, int(os.read(reading, 20) or 0)]), flush=True)
    os.close(reading)
"""
"""A process that imports everything once, and then forks for each run that it is told of.

A run kills itself at its n-th operation on a file of the output, before that is done: opening,
writing, renaming, removing. At the end it tells how many there were.
"""

Runner = Callable[[Path, Path, int], tuple[int, int]]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """Runs until an operation, 0 for the end; gives the exit code and the operations so far."""
    log = tmp_path_factory.mktemp("runner") / "log.txt"
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-c", RUNS],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None

        def run(source: Path, output: Path, moment: int) -> tuple[int, int]:
            print(json.dumps([str(source), str(output), moment]), file=process.stdin, flush=True)
            answer = process.stdout.readline()
            assert answer, log.read_text()
            status, events = json.loads(answer)
            return status, events

        yield run
        process.stdin.close()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kill") / "in"
    folder.mkdir()
    for number in range(12):
        image = np.roll(IMAGE, 2 * number, axis=number % 2)
        if number % 2:
            Image.fromarray(image).save(folder / f"{number:02d}.png")
        else:
            mm = (0.1, 0.2)
            write_phantom_dicom(folder / f"{number:02d}.dcm", image, mm_per_pixel=mm)
    write_phantom_dicom(folder / "05_sweep.dcm", np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]))
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture(scope="module")
def whole(
    runner: Runner, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], int]:
    """Files of a run that nothing disturbs, and its number of operations."""
    output = tmp_path_factory.mktemp("whole") / "out"
    status, events = runner(source, output, 0)
    assert status == 0
    return read_outputs(output), events


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


@pytest.mark.parametrize("seed", range(2))
def test_killed_ten_times(
    seed: int,
    runner: Runner,
    source: Path,
    whole: tuple[dict[str, bytes], int],
    tmp_path: Path,
) -> None:
    expected, events = whole
    output = tmp_path / "out"
    rng = random.Random(seed)
    for _ in range(KILLS):
        # So far that the cine, which counts as a whole, can come to its end.
        status, _ = runner(source, output, rng.randint(1, events // 5))
        assert status == -signal.SIGKILL
        found = read_outputs(output)
        assert {name for name in found if found[name] != expected.get(name)} == set()
    status, _ = runner(source, output, 0)
    assert status == 0
    assert read_outputs(output) == expected
    assert_clean(output)
    assert len(read_table(output)) == 12 + 3 + 1


def test_killed_at_the_end(
    runner: Runner, source: Path, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    """While the tables of all images are written, nine operations later each time."""
    expected, events = whole
    output = tmp_path / "out"
    assert runner(source, output, events - 60)[0] == -signal.SIGKILL
    for moment in range(1, 1000, 9):
        status, _ = runner(source, output, moment)
        found = read_outputs(output)
        assert {name for name in found if found[name] != expected.get(name)} == set()
        if status == 0:
            break
    assert moment > 20
    assert read_outputs(output) == expected
    assert_clean(output)


def test_killed_while_inputs_change_and_go(
    runner: Runner, source: Path, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    """After a finished run: at no moment is there an object of an input that is not there."""
    events = whole[1]
    changed, output = tmp_path / "in", tmp_path / "out"
    shutil.copytree(source, changed)
    assert runner(changed, output, 0)[0] == 0
    for name in ("00.dcm", "03.png"):
        (changed / name).unlink()
    for name in ("02.dcm", "05_sweep.dcm"):
        write_phantom_dicom(changed / name, IMAGE, mm_per_pixel=(0.1, 0.2))
    (changed / "06.dcm").write_bytes((changed / "06.dcm").read_bytes()[:700])
    (changed / "01.png").write_bytes((changed / "07.png").read_bytes())
    status, _ = runner(changed, tmp_path / "new", 0)
    assert status == 2
    expected = read_outputs(tmp_path / "new")
    rng = random.Random(0)
    old = read_outputs(output)
    for _ in range(KILLS):
        status, _ = runner(changed, output, rng.randint(1, events // 6))
        found = read_outputs(output)
        kept = {name for name in found if found[name] == old.get(name)}
        assert {name for name in found if found[name] != expected.get(name)} <= kept
        if status != -signal.SIGKILL:
            break
    status, _ = runner(changed, output, 0)
    assert status == 2
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
    source: Path, whole: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    stop_in(source, tmp_path / "out", "06.dcm")
    run_brightness(source, tmp_path / "out")
    name = "seg/05_sweep.dcm"
    assert read_outputs(tmp_path / "out")[name] == whole[0][name]
    assert {row["status"] for row in read_table(tmp_path / "out")} == {"ok", "skipped"}


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_last_line_of_the_journal_is_cut_off(cut: int, source: Path, tmp_path: Path) -> None:
    by_frames = {"outputs#seg": False, "outputs#sr": False}  # so that it is that of an image
    run_brightness(source, tmp_path / "whole", **by_frames)
    stop_in(source, tmp_path / "out", "04.dcm", **by_frames)
    journal = tmp_path / "out" / OURS[0]
    journal.write_bytes(journal.read_bytes()[:-cut])
    run_brightness(source, tmp_path / "out", **by_frames)
    found, expected = read_outputs(tmp_path / "out"), read_outputs(tmp_path / "whole")
    assert found == expected
