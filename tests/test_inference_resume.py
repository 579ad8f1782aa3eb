"""A killed inference goes on where it stopped, and ends as if it had never been killed.

Images: six orientation phantoms, 64 x 96, mirrored and shifted, and a sweep of three frames.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from bundle_runs import ROOT, read_table, run_brightness
from PIL import Image

from pipeline.datasets.phantom import make_orientation_phantom
from pipeline.datasets.phantom_dicom import write_phantom_dicom
from pipeline.writers import PngMask, PngOverlay, RunJournal

IMAGE, _ = make_orientation_phantom(64, 96)
TIMED = "run.json"
"""The only file with the time of the run in it."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(6):
        Image.fromarray(np.roll(IMAGE, 4 * number, axis=number % 2)).save(folder / f"{number}.png")
    write_phantom_dicom(folder / "2_sweep.dcm", np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]))
    (folder / "notes.txt").write_text("no image")
    return folder


def read_outputs(output: Path) -> dict[str, bytes]:
    """Read every file of a run, but not the times of `TIMED`."""
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file()
    }
    times = {"started", "ended", "seconds", "command"}
    facts = {key: value for key, value in json.loads(files[TIMED]).items() if key not in times}
    return {**files, TIMED: repr(facts).encode()}


def stop_at(monkeypatch: pytest.MonkeyPatch, count: int, error: type[BaseException]) -> None:
    """Let the overlay writer raise when it is called for the count-th time."""
    calls = []
    write = PngOverlay.write

    def write_or_stop(self: PngOverlay, result: object) -> None:
        calls.append(result)
        if len(calls) == count:
            raise error
        write(self, result)

    monkeypatch.setattr(PngOverlay, "write", write_or_stop)


def count_masks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the file of every mask that is written from now on."""
    written = []
    write = PngMask.write

    def note(self: PngMask, result) -> None:
        written.append(f"{result.file} {result.frame or ''}".strip())
        write(self, result)

    monkeypatch.setattr(PngMask, "write", note)
    return written


def interrupt(source: Path, output: Path, count: int = 4, **overrides: bool) -> None:
    """Run until the count-th overlay, then stop as by Ctrl-C."""
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, count, KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            run_brightness(source, output, **overrides)


@pytest.mark.parametrize("count", [1, 4, 9])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupted_run_ends_like_one_that_was_not(
    error: type[BaseException], count: int, source: Path, tmp_path: Path
) -> None:
    run_brightness(source, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, count, error)
        with pytest.raises(error):
            run_brightness(source, tmp_path / "out")
    assert not (tmp_path / "out" / "results.csv").exists()
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == read_outputs(tmp_path / "whole")


KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from bundle_runs import run_brightness
from pipeline.writers import PngOverlay

calls = []
write = PngOverlay.write

def write_or_die(self, result):
    calls.append(result)
    if len(calls) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, result)

PngOverlay.write = write_or_die
run_brightness(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def test_killed_run_ends_like_one_that_was_not(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "whole")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(source), str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == read_outputs(tmp_path / "whole")


def test_finished_images_are_not_done_again(source: Path, tmp_path: Path, monkeypatch) -> None:
    interrupt(source, tmp_path / "out")
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    # 0, 1 and 2 are done; the sweep's name comes before 3, and its first frame was interrupted.
    assert written == ["2_sweep.dcm 1", "2_sweep.dcm 2", "2_sweep.dcm 3", "3.png", "4.png", "5.png"]


FRAME_BY_FRAME = {"outputs#seg": False, "outputs#sr": False}
"""Without what belongs to a whole file, frames of an interrupted cine need not be done again."""


def test_a_cine_goes_on_in_its_middle(source: Path, tmp_path: Path, monkeypatch) -> None:
    interrupt(source, tmp_path / "out", count=6, **FRAME_BY_FRAME)
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out", **FRAME_BY_FRAME)
    assert written[:2] == ["2_sweep.dcm 3", "3.png"]


def test_a_cine_whose_objects_hold_all_frames_starts_anew(
    source: Path, tmp_path: Path, monkeypatch
) -> None:
    interrupt(source, tmp_path / "out", count=6)
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    assert written[:4] == ["2_sweep.dcm 1", "2_sweep.dcm 2", "2_sweep.dcm 3", "3.png"]


def test_run_that_was_killed_before_its_table(source: Path, tmp_path: Path, monkeypatch) -> None:
    run_brightness(source, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunJournal, "finish", lambda self, writers: None)
        run_brightness(source, tmp_path / "out")
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    assert written == []
    assert read_outputs(tmp_path / "out") == read_outputs(tmp_path / "whole")


@pytest.mark.parametrize("cut", [1, 30])
def test_half_written_last_line_of_the_journal(cut: int, source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "whole")
    interrupt(source, tmp_path / "out")
    journal = tmp_path / "out" / "results.partial.jsonl"
    journal.write_bytes(journal.read_bytes()[:-cut])
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == read_outputs(tmp_path / "whole")


def test_journal_with_garbage(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "whole")
    interrupt(source, tmp_path / "out")
    journal = tmp_path / "out" / "results.partial.jsonl"
    journal.write_bytes(journal.read_bytes() + b'\xff\xfe\0\0\n{"file": "x"}\n[1]\n')
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == read_outputs(tmp_path / "whole")


def test_other_settings_start_anew(source: Path, tmp_path: Path, monkeypatch) -> None:
    interrupt(source, tmp_path / "out")
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out", min_lesion_px=60)
    assert len(written) == 9


def test_other_weights_start_anew(source: Path, tmp_path: Path, monkeypatch) -> None:
    interrupt(source, tmp_path / "out")
    torch.save({}, tmp_path / "identity.pt", _use_new_zipfile_serialization=False)
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    assert len(written) == 9


def test_failed_file_is_tried_again(source: Path, tmp_path: Path) -> None:
    content = (source / "1.png").read_bytes()
    (source / "1.png").write_bytes(content[:100])
    interrupt(source, tmp_path / "out")
    (source / "1.png").write_bytes(content)
    run_brightness(source, tmp_path / "out")
    assert {row["status"] for row in read_table(tmp_path / "out")} == {"ok", "skipped"}


def test_file_that_fails_again_keeps_the_exit_code(source: Path, tmp_path: Path) -> None:
    (source / "1.png").write_bytes((source / "1.png").read_bytes()[:100])
    interrupt(source, tmp_path / "out")
    with pytest.raises(SystemExit) as caught:
        run_brightness(source, tmp_path / "out")
    assert caught.value.code == 2


def test_skipped_file_does_not_take_a_name_on_resume(source: Path, tmp_path: Path) -> None:
    (source / "0").write_text("no image, and its mask would be called 0.png")
    interrupt(source, tmp_path / "out", count=1)
    run_brightness(source, tmp_path / "out")
    statuses = {row["file"]: row["status"] for row in read_table(tmp_path / "out")}
    assert (statuses["0"], statuses["0.png"]) == ("skipped", "ok")


def test_collision_is_the_same_after_a_resume(source: Path, tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(source / "0", "PNG")
    interrupt(source, tmp_path / "out", count=2)
    with pytest.raises(SystemExit):
        run_brightness(source, tmp_path / "out")
    statuses = {row["file"]: row["status"] for row in read_table(tmp_path / "out")}
    assert (statuses["0"], statuses["0.png"]) == ("ok", "failed")


def test_finished_run_is_done_again_when_asked_again(source: Path, tmp_path: Path, monkeypatch):
    run_brightness(source, tmp_path / "out")
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    assert len(written) == 9
