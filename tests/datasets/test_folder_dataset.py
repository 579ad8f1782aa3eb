"""The walk over a folder; what the runs in test_inference.py do not reach."""

import os
import re
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from monai.transforms import Compose, LoadImaged
from orientation_phantom import make_orientation_phantom
from PIL import Image

from pipeline.datasets import FolderDataset
from pipeline.errors import ReadError, SkippedError, describe, find_cause
from pipeline.journal import RunIdentity, RunJournal
from pipeline.phantom.phantom_dicom import (
    make_phantom_dataset,
    make_region,
    write_phantom_dicom,
)
from pipeline.readers import UltrasoundReader
from pipeline.results.result_row import ResultRow
from pipeline.transforms import BlankOutsideRegiond

IMAGE, _ = make_orientation_phantom(24, 40)


def make_dataset(data: Path, output: Path, **options) -> FolderDataset:
    reader = UltrasoundReader()
    load = Compose(
        [
            LoadImaged("image", reader=reader, ensure_channel_first=True),
            BlankOutsideRegiond("image", output_key="original"),
        ]
    )
    journal = RunJournal(output, RunIdentity({}))
    journal.start()
    return FolderDataset(data, load, reader=reader, journal=journal, progress=False, **options)


def write_png(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(IMAGE).save(path, "PNG")


def test_items_come_sorted_with_their_names(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.png", "a/y.png", "c/x.png"):
        write_png(tmp_path / "in" / name)
    items = list(make_dataset(tmp_path / "in", tmp_path / "out"))
    assert [item.source.file for item in items] == ["b.png", "a/y.png", "a/z.png", "c/x.png"]


def test_item_has_image_frame_and_start(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    (item,) = make_dataset(tmp_path / "in", tmp_path / "out")
    assert np.array_equal(item.parts[0]["image"][0], IMAGE)
    assert item.number is None


def test_frames_count_from_1(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    cine = np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]])
    write_phantom_dicom(tmp_path / "in" / "x.dcm", cine)
    items = list(make_dataset(tmp_path / "in", tmp_path / "out"))
    assert [item.number for item in items] == [1, 2, 3]
    assert all(np.array_equal(item.parts[0]["image"][0], cine[item.number - 1]) for item in items)


def test_folder_that_cannot_be_entered_fails(tmp_path: Path, monkeypatch) -> None:
    write_png(tmp_path / "in" / "x.png")
    (tmp_path / "in" / "closed").mkdir()
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    assert [item.source.file for item in dataset] == ["x.png"]
    assert dataset.journal.failed == 1


def test_capital_letters_make_no_other_name(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "X.PNG")
    write_png(tmp_path / "in" / "x.png")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    assert [item.source.file for item in dataset] == ["X.PNG"]
    assert dataset.journal.failed == 1


@pytest.mark.parametrize("frames", [IMAGE, np.stack([IMAGE, IMAGE])])
def test_objects_of_two_dicom_files_need_two_names(tmp_path: Path, frames: np.ndarray) -> None:
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "im1", frames)
    write_phantom_dicom(tmp_path / "in" / "im1.dcm", 255 - frames)
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    assert {item.source.file for item in dataset} == {"im1"}
    assert dataset.journal.failed == 1


def test_file_that_is_no_image_takes_no_name(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "scan.png")
    (tmp_path / "in" / "scan").write_text("notes on scan.png")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    assert [item.source.file for item in dataset] == ["scan.png"]


def test_frame_that_is_called_like_another_file_fails(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "x.dcm", np.stack([IMAGE, IMAGE[::-1]]))
    write_png(tmp_path / "in" / "x.dcm#frame=2")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    items = [(item.source.file, item.number) for item in dataset]
    assert items == [("x.dcm", 1), ("x.dcm#frame=2", None)]
    assert dataset.journal.failed == 1


def test_cine_takes_no_name_of_a_still(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.dcm.png")
    write_phantom_dicom(tmp_path / "in" / "x.dcm", np.stack([IMAGE, IMAGE]))
    items = list(make_dataset(tmp_path / "in", tmp_path / "out"))
    assert [(item.source.file, item.number) for item in items] == [
        ("x.dcm", 1),
        ("x.dcm", 2),
        ("x.dcm.png", None),
    ]


def finish(dataset: FolderDataset) -> list[str]:
    """Take what comes as done, to the end of a run."""
    files = []
    for item in dataset:
        source = item.source
        row = ResultRow(source.file, item.number, "ok", source.remarks, instance=source.instance)
        dataset.journal.add(row)
        dataset.journal.complete(item.source.file)
        files.append(item.source.file)
    dataset.journal.finish()
    return files


def test_done_images_are_left_out(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == ["x.png"]
    write_png(tmp_path / "in" / "y.png")
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == ["y.png"]
    Image.fromarray(255 - IMAGE).save(tmp_path / "in" / "x.png")
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == ["x.png"]


def test_skipped_and_closed_things_are_done_too(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    (tmp_path / "in" / "notes.txt").write_text("no image")
    (tmp_path / "in" / "link").symlink_to(tmp_path, target_is_directory=True)
    finish(make_dataset(tmp_path / "in", tmp_path / "out"))
    before = (tmp_path / "out" / "results.csv").stat().st_mtime_ns
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == []
    assert (tmp_path / "out" / "results.csv").stat().st_mtime_ns == before


def test_file_that_takes_the_name_of_one_that_is_done_comes_first(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    finish(make_dataset(tmp_path / "in", tmp_path / "out"))
    write_png(tmp_path / "in" / "x")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    assert finish(dataset) == ["x"]
    assert dataset.journal.failed == 1
    assert "x.png,,failed" in (tmp_path / "out" / "results.csv").read_text()


def test_earlier_copy_of_an_instance_that_is_done_comes_first(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "b.dcm", IMAGE)
    finish(make_dataset(tmp_path / "in", tmp_path / "out"))
    shutil.copy(tmp_path / "in" / "b.dcm", tmp_path / "in" / "a.dcm")
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == ["a.dcm"]
    assert "b.dcm,,skipped" in (tmp_path / "out" / "results.csv").read_text()
    (tmp_path / "in" / "a.dcm").unlink()
    assert finish(make_dataset(tmp_path / "in", tmp_path / "out")) == ["b.dcm"]


def test_file_that_changes_while_it_is_read_fails(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    load = dataset.transform

    def grow(item):
        with (tmp_path / "in" / "x.png").open("ab") as file:
            file.write(b"more")
        return load(item)

    dataset.transform = grow
    assert finish(dataset) == []
    assert "changed while it was read" in (tmp_path / "out" / "results.csv").read_text()


def test_excluded_folder_is_not_entered(tmp_path: Path) -> None:
    write_png(tmp_path / "x.png")
    write_png(tmp_path / "out" / "masks" / "x.png")
    dataset = make_dataset(tmp_path, tmp_path / "out", exclude=tmp_path / "sub" / ".." / "out")
    assert [item.source.file for item in dataset] == ["x.png"]


def test_item_tells_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "x.dcm", IMAGE)
    write_png(tmp_path / "in" / "y.png")
    dicom, png = make_dataset(tmp_path / "in", tmp_path / "out")
    assert re.fullmatch("[0-9a-f]{16}", dicom.source.instance)
    assert png.source.instance == ""
    assert (dicom.source.remarks, len(dicom.parts)) == ("", 1)


def test_frame_of_two_images_is_one_item(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    dataset = make_phantom_dataset(np.stack([np.tile(IMAGE, 2)] * 2))
    boxes = (0, 0, 39, 23), (40, 0, 79, 23)
    dataset.SequenceOfUltrasoundRegions = [make_region(box, (0.1, 0.1)) for box in boxes]
    dataset.save_as(tmp_path / "in" / "x.dcm", enforce_file_format=True)
    items = list(make_dataset(tmp_path / "in", tmp_path / "out"))
    assert [item.number for item in items] == [1, 2]
    for item in items:
        assert [region.box[1] for region in item.regions] == [0, 40]
        assert [int(part["image"].meta["region"][1]) for part in item.parts] == [0, 40]


def test_error_of_the_second_image_leaves_none_of_the_frame(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    dataset = make_phantom_dataset(np.tile(IMAGE, 2))
    boxes = (0, 0, 39, 23), (40, 0, 79, 23)
    dataset.SequenceOfUltrasoundRegions = [make_region(box, (0.1, 0.1)) for box in boxes]
    dataset.save_as(tmp_path / "in" / "x.dcm", enforce_file_format=True)
    run = make_dataset(tmp_path / "in", tmp_path / "out")
    load = run.transform

    def fail_on_the_second(item):
        if "#region=2" in item["image"]:
            raise ValueError("SECRET^NAME")
        return load(item)

    run.transform = fail_on_the_second
    assert list(run) == []
    assert run.journal.failed == 1


def test_copy_of_an_instance_is_skipped_and_another_one_has_no_header(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    dataset = make_phantom_dataset(IMAGE)
    dataset.save_as(tmp_path / "in" / "a.dcm", enforce_file_format=True)
    dataset.save_as(tmp_path / "in" / "b.dcm", enforce_file_format=True)
    dataset.StudyID = "2"
    dataset.save_as(tmp_path / "in" / "c.dcm", enforce_file_format=True)
    run = make_dataset(tmp_path / "in", tmp_path / "out")
    first, other = run
    assert [first.source.file, other.source.file] == ["a.dcm", "c.dcm"]
    assert first.source.instance == other.source.instance
    assert first.source.header is not None
    assert other.source.header is None
    assert other.source.remarks.startswith("no DICOM objects: a.dcm has the same SOPInstanceUID")
    assert run.journal.failed == 0
    run.journal.finish()
    table = (tmp_path / "out" / "results.csv").read_text()
    assert 'b.dcm,,skipped,"a copy: the same SOPInstanceUID' in table


def test_error_of_a_transform_costs_one_image(tmp_path: Path) -> None:
    write_png(tmp_path / "in" / "x.png")
    write_png(tmp_path / "in" / "y.png")
    dataset = make_dataset(tmp_path / "in", tmp_path / "out")
    load = dataset.transform

    def fail_once(item):
        if "x.png" in item["image"]:
            raise ValueError("SECRET^NAME")
        return load(item)

    dataset.transform = fail_once
    assert [item.source.file for item in dataset] == ["y.png"]
    dataset.journal.finish()
    table = (tmp_path / "out" / "results.csv").read_text()
    assert "x.png,,failed,unexpected ValueError," in table


def test_memory_does_not_grow_with_a_cine(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (300, 48, 64), dtype=np.uint8)
    (tmp_path / "in").mkdir()
    write_phantom_dicom(tmp_path / "in" / "x.dcm", frames)
    items = iter(make_dataset(tmp_path / "in", tmp_path / "out"))
    next(items)
    tracemalloc.start()
    try:
        for _ in range(299):
            next(items)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < frames.nbytes / 4


@pytest.mark.parametrize("error", [ReadError("ours"), SkippedError("ours")])
def test_our_error_is_found_behind_that_of_monai(error: ReadError) -> None:
    wrapped = RuntimeError("applying transform")
    wrapped.__cause__ = error
    assert find_cause(wrapped) is error


def test_foreign_error_is_reported_by_its_type() -> None:
    assert describe(KeyError("SECRET^NAME")) == "unexpected KeyError"


def test_our_error_is_reported_in_full() -> None:
    assert describe(ReadError("expected this, got that")) == "expected this, got that"
