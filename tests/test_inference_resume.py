"""A killed inference goes on where it stopped, and ends as if it had never been killed.

Images: six orientation phantoms, 64 x 96, mirrored and shifted, and a sweep of three frames.
"""

import json
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch
from bundle_runs import read_table, run_brightness
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.journal import RunJournal
from pipeline.phantom.phantom_dicom import write_phantom_dicom
from pipeline.writers import PngMask, PngOverlay

IMAGE, _ = make_orientation_phantom(64, 96)
TIMED = "run.json"
"""The only file with the time of the run in it."""
JOURNAL = "breast-us-seg.jsonl"
"""The only file with the times of the inputs in it."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs") / "in"
    folder.mkdir()
    for number in range(6):
        Image.fromarray(np.roll(IMAGE, 4 * number, axis=number % 2)).save(folder / f"{number}.png")
    write_phantom_dicom(folder / "2_sweep.dcm", np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]))
    (folder / "notes.txt").write_text("no image")
    return folder


@pytest.fixture
def source(inputs: Path, tmp_path: Path) -> Path:
    """A copy of them, to be changed."""
    return shutil.copytree(inputs, tmp_path / "in")


@pytest.fixture(scope="module")
def whole(inputs: Path) -> dict[str, bytes]:
    """Files of a run that nothing disturbs."""
    run_brightness(inputs, inputs.parent / "out")
    return read_outputs(inputs.parent / "out")


def read_outputs(output: Path, *, is_finished: bool = True) -> dict[str, bytes]:
    """Read every file of a run, but not the times of `TIMED`."""
    files = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and path.name != JOURNAL
    }
    if not is_finished:
        return files
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


@pytest.mark.parametrize(
    ("error", "count"), [(KeyboardInterrupt, 1), (SystemExit, 4), (KeyboardInterrupt, 9)]
)
def test_interrupted_run_ends_like_one_that_was_not(
    error: type[BaseException], count: int, source: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, count, error)
        with pytest.raises(error):
            run_brightness(source, tmp_path / "out")
    assert not (tmp_path / "out" / "results.csv").exists()
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == whole


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


def test_run_that_was_killed_before_its_table(
    source: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunJournal, "finish", lambda self, writers: None)
        run_brightness(source, tmp_path / "out")
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out")
    assert written == []
    assert read_outputs(tmp_path / "out") == whole


@pytest.mark.parametrize("cut", [1, 30])
def test_half_written_last_line_of_the_journal(
    cut: int, source: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    interrupt(source, tmp_path / "out")
    journal = tmp_path / "out" / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-cut])
    run_brightness(source, tmp_path / "out")
    assert read_outputs(tmp_path / "out") == whole


@pytest.mark.parametrize("is_finished", [False, True])
def test_journal_with_garbage_is_set_aside(is_finished: bool, source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "whole")
    if is_finished:
        run_brightness(source, tmp_path / "out")
        (tmp_path / "out" / "masks" / "mine.png").touch()
    else:
        interrupt(source, tmp_path / "out")
    journal = tmp_path / "out" / JOURNAL
    damaged = journal.read_bytes()
    damaged = damaged[: len(damaged) // 2] + b'\xff\xfe\0\0\n{"file": "x"}\n[1]\n'
    journal.write_bytes(damaged)
    (source / "0.png").unlink()
    run_brightness(source, tmp_path / "out")
    run_brightness(source, tmp_path / "whole")
    found = read_outputs(tmp_path / "out")
    assert found.pop("breast-us-seg.damaged-1") == damaged
    assert found.pop("masks/mine.png", b"") == b""
    assert found == read_outputs(tmp_path / "whole")
    run_brightness(source, tmp_path / "out")  # and that is the end of it
    assert len(list((tmp_path / "out").glob("*.damaged-*"))) == 1


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


def test_finished_run_does_nothing_and_says_so(
    source: Path, tmp_path: Path, monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_brightness(source, tmp_path / "out")
    before = {path: path.stat() for path in (tmp_path / "out").rglob("*")}
    written = count_masks(monkeypatch)
    with caplog.at_level(logging.INFO):
        run_brightness(source, tmp_path / "out", progress=True)
    assert written == []
    assert "nothing to do, all is done already" in caplog.text
    assert "images: 9 with a lesion, 0 without, 1 skipped, 0 failed" in caplog.text
    after = {path: path.stat() for path in (tmp_path / "out").rglob("*")}
    del before[tmp_path / "out" / "breast-us-seg.jsonl"]
    assert all(before[path].st_mtime_ns == after[path].st_mtime_ns for path in before)


def change(source: Path, number: int) -> None:
    """Do something to the inputs, other than the last time."""
    if number == 0:  # other content of the same size, and the old time
        status = (source / "1.png").stat()
        other = (source / "3.png").read_bytes()
        content = (source / "1.png").read_bytes()
        (source / "1.png").write_bytes(other[: len(content)].ljust(len(content), b"\0"))
        os.utime(source / "1.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    elif number == 1:  # fewer frames
        write_phantom_dicom(source / "2_sweep.dcm", np.stack([IMAGE, IMAGE[::-1]]))
    elif number == 2:  # no cine any more, and no lesion
        write_phantom_dicom(source / "2_sweep.dcm", np.full_like(IMAGE, 20))
    elif number == 3:  # gone, and new
        (source / "0.png").rename(source / "0a.png")
        (source / "deep").mkdir()
        write_phantom_dicom(source / "deep" / "still.dcm", IMAGE)
    elif number == 4:  # broken
        (source / "2_sweep.dcm").write_bytes((source / "2_sweep.dcm").read_bytes()[:900])
        (source / "deep" / "still.dcm").unlink()
    else:  # an earlier file takes the name of a mask; an earlier copy takes an instance
        write_phantom_dicom(source / "2_sweep.dcm", np.stack([IMAGE, IMAGE[::-1]]))
        (source / "1_copy.dcm").write_bytes((source / "2_sweep.dcm").read_bytes())
        Image.fromarray(IMAGE).save(source / "3", "PNG")


def run_in_part(source: Path, output: Path, count: int) -> None:
    """Run, but stop at the count-th overlay, if it comes so far."""
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, count, KeyboardInterrupt)
        with suppress(KeyboardInterrupt, SystemExit):
            run_brightness(source, output)


def test_inputs_that_change_between_runs_give_what_a_new_run_gives(
    source: Path, tmp_path: Path
) -> None:
    """Killed or not, in any order: nothing of an earlier input is left, and nothing is missing."""
    run_brightness(source, tmp_path / "out")
    (tmp_path / "out" / "seg" / "mine.dcm").write_bytes(b"foreign")
    for number in range(6):
        change(source, number)
        run_in_part(source, tmp_path / "out", count=2)
        with suppress(SystemExit):
            run_brightness(source, tmp_path / "out")
        with suppress(SystemExit):
            run_brightness(source, tmp_path / f"new-{number}")
        found = read_outputs(tmp_path / "out")
        assert found.pop("seg/mine.dcm") == b"foreign"
        assert found == read_outputs(tmp_path / f"new-{number}"), number


def test_stale_objects_are_gone_before_the_new_ones_are_made(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "out")
    write_phantom_dicom(source / "2_sweep.dcm", np.stack([IMAGE, IMAGE[::-1]]))
    run_in_part(source, tmp_path / "out", count=1)
    found = read_outputs(tmp_path / "out", is_finished=False)
    assert not [name for name in found if name.startswith(("seg/", "sr/")) or ".csv" in name]


def test_outputs_that_are_switched_off_go(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "out")
    run_brightness(source, tmp_path / "out", **{"outputs#seg": False, "outputs#report": False})
    names = {name.split("/")[0] for name in read_outputs(tmp_path / "out")}
    assert names & {"seg", "report", "report.html"} == set()
    assert {"sr", "masks"} <= names


@pytest.mark.parametrize("name", ["results.csv", "report.html", "masks/0.png", "seg/notes.txt"])
def test_foreign_files_of_our_names_are_refused(name: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    with pytest.raises(SystemExit, match="that no journal names"):
        run_brightness(source, tmp_path / "out")
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == [path]
    assert path.read_bytes() == b"mine"


def test_foreign_mask_beside_ours_is_kept(source: Path, tmp_path: Path) -> None:
    run_brightness(source, tmp_path / "out")
    (tmp_path / "out" / "masks" / "new.png").write_bytes(b"mine")
    Image.fromarray(IMAGE).save(source / "new.png")
    with pytest.raises(SystemExit):
        run_brightness(source, tmp_path / "out")
    assert (tmp_path / "out" / "masks" / "new.png").read_bytes() == b"mine"
    (row,) = [row for row in read_table(tmp_path / "out") if row["file"] == "new.png"]
    assert "expected no" in row["reason"]


@pytest.mark.parametrize("output", ["out", "another"])
def test_results_below_the_input_are_no_images(output: str, source: Path, tmp_path: Path) -> None:
    run_brightness(source, source / "out", **FRAME_BY_FRAME)
    run_brightness(source, source / output, **FRAME_BY_FRAME)
    rows = {row["file"]: row for row in read_table(source / output)}
    assert {name for name in rows if "/" in name} == set()
    assert ("out" in rows) == (output == "another")
    if output == "another":
        assert rows["out"]["status"] == "skipped"
        assert "results of this program" in rows["out"]["reason"]


def test_second_file_of_an_instance_has_a_mask_and_no_objects(source: Path, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(source / "2_sweep.dcm")
    dataset.InstitutionName = "another"
    dataset.save_as(source / "9.dcm")
    run_brightness(source, tmp_path / "out")
    rows = [row for row in read_table(tmp_path / "out") if row["file"] == "9.dcm"]
    assert [row["status"] for row in rows] == ["ok"] * 3
    assert {row["reason"] for row in rows} == {
        "no DICOM objects: 2_sweep.dcm has the same SOPInstanceUID (0008,0018)"
    }
    found = read_outputs(tmp_path / "out")
    assert found["masks/9.dcm/0001.png"] == found["masks/2_sweep.dcm/0001.png"]
    assert [name for name in found if name.startswith(("seg/", "sr/"))] == [
        "seg/2_sweep.dcm",
        "sr/2_sweep.dcm",
    ]
    (source / "2_sweep.dcm").unlink()  # then the other one is the first
    run_brightness(source, tmp_path / "out")
    assert (tmp_path / "out" / "sr" / "9.dcm").is_file()


def test_other_backend_or_setting_below_a_key_starts_anew(
    source: Path, tmp_path: Path, monkeypatch
) -> None:
    run_brightness(source, tmp_path / "out", **FRAME_BY_FRAME)
    written = count_masks(monkeypatch)
    run_brightness(source, tmp_path / "out", **FRAME_BY_FRAME, **{"model#bf16": "$1 == 2"})
    assert len(written) == 9
    run_brightness(source, tmp_path / "out", **FRAME_BY_FRAME, **{"model#bf16": "$1 == 2"})
    assert len(written) == 9


def test_input_that_was_moved_with_its_files_is_the_same(
    source: Path, tmp_path: Path, monkeypatch
) -> None:
    run_brightness(source, tmp_path / "out")
    shutil.copytree(source, tmp_path / "moved")  # other times, too
    written = count_masks(monkeypatch)
    run_brightness(tmp_path / "moved", tmp_path / "out")
    assert written == []
