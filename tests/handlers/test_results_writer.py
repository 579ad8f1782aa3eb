"""From an evaluator's output to rows and files, with writers that only take notes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from pydicom import Dataset

from pipeline.errors import WriteError
from pipeline.handlers import ResultsWriter
from pipeline.journal import RunIdentity, RunJournal
from pipeline.readers.region.calibrated_region import CalibratedRegion, RegionOrigin
from pipeline.results.frame import Frame, Source
from pipeline.results.writer import Writer
from pipeline.segmenter import Segmenter

IMAGE = torch.arange(48.0).reshape(1, 6, 8)
PRED = torch.zeros(1, 6, 8)
PRED[0, 1:3, 2:6] = 1
PROBABILITY = PRED * 0.75


HEADER = Dataset()


class NoteWriter(Writer):
    def __init__(self, *, needs_sources: bool = False) -> None:
        self.needs_sources = needs_sources
        self.results = []
        self.sources = []

    def write(self, result) -> None:
        self.results.append(result)

    def write_source(self, source) -> None:
        self.sources.append(source)


def make_region(
    box: tuple[int, ...] = (0, 0, 6, 8), mm: float | None = None, origin: str = "whole"
) -> CalibratedRegion:
    return CalibratedRegion(box, None if mm is None else (mm, 2 * mm), RegionOrigin(origin))


def make_frame(
    file: str = "x.dcm",
    number: int | None = None,
    regions: tuple[CalibratedRegion, ...] = (make_region(),),
    **source,
) -> Frame:
    parts = tuple({"region": region, "number": number} for region in regions)
    facts = Source(file, **{"header": HEADER, **source})
    return Frame(IMAGE[0].numpy(), regions, parts, number, source=facts)


def segment_by(postprocessing) -> Segmenter:
    """Make a segmenter of which only the last step is used."""
    return Segmenter(None, None, None, None, postprocessing)


def run(
    output: Path, batches: list[list[Frame]], postprocessing=None, writers=(), **options
) -> RunJournal:
    """Run an engine whose output is a prediction for each region of each frame of a batch."""
    journal = RunJournal(output, RunIdentity({}))
    done = {
        "pred": PRED,
        "probability": PROBABILITY,
        "lesion_probability": torch.tensor(0.6),
        "boundary_uncertainty": torch.tensor(0.1),
    }
    engine = Engine(lambda engine, batch: [PRED.expand(len(f.parts), 1, 6, 8) for f in batch])
    process = postprocessing or (lambda item: {**item, **done})
    ResultsWriter(segment_by(process), writers, journal, **options).attach(engine)
    engine.run(batches)
    return journal


def read_lines(output: Path) -> list[str]:
    return (output / "results.csv").read_text().splitlines()[1:]


def test_writers_get_the_result(tmp_path: Path) -> None:
    writer = NoteWriter()
    run(tmp_path, [[make_frame(number=3)]], writers=[writer])
    (result,) = writer.results
    assert (result.file, result.frame, result.probability) == ("x.dcm", 3, pytest.approx(0.6))
    assert np.array_equal(result.mask, PRED[0].bool().numpy())
    assert np.array_equal(result.image, IMAGE[0].numpy())
    assert [(lesion.area_px, lesion.probability) for lesion in result.lesions] == [(8, 0.75)]


def test_still_has_no_frame(tmp_path: Path) -> None:
    writer = NoteWriter()
    run(tmp_path, [[make_frame()]], writers=[writer])
    assert writer.results[0].frame is None
    assert read_lines(tmp_path)[0].startswith("x.dcm,,ok,,whole,,,1,0,8,0.6000,")


def test_every_item_of_a_batch(tmp_path: Path) -> None:
    run(tmp_path, [[make_frame("b"), make_frame("a")], [make_frame("c")]])
    assert [line.split(",")[0] for line in read_lines(tmp_path)] == ["a", "b", "c"]


def test_empty_mask_is_no_lesion(tmp_path: Path) -> None:
    def clear(item):
        return {
            **item,
            "pred": PRED * 0,
            "probability": PROBABILITY,
            "lesion_probability": torch.tensor(0.2),
            "boundary_uncertainty": torch.tensor(0.0),
        }

    run(tmp_path, [[make_frame()]], clear)
    assert read_lines(tmp_path)[0].startswith("x.dcm,,no_lesion,,whole,,,0,0,0,0.2000,")


def test_error_of_post_processing_costs_one_image(tmp_path: Path) -> None:
    def fail(item):
        raise ValueError("SECRET^NAME")

    journal = run(tmp_path, [[make_frame()], [make_frame("y")]], fail)
    assert journal.failed == 2
    assert read_lines(tmp_path)[0] == "x.dcm,,failed,unexpected ValueError,,,,,,,,,,"


def test_image_whose_file_cannot_be_written_is_failed(tmp_path: Path) -> None:
    class FullDisk(Writer):
        def write(self, result) -> None:
            raise WriteError("expected to write masks/x.png, got OSError: No space left on device")

    run(tmp_path, [[make_frame()]], writers=[NoteWriter(), FullDisk()])
    assert "No space left on device" in read_lines(tmp_path)[0]


def test_image_enters_the_journal_behind_its_files(tmp_path: Path, monkeypatch) -> None:
    order = []
    add = RunJournal.add

    class NoteOrder(Writer):
        def write(self, result) -> None:
            order.append(f"write {result.file}")

    def note(journal: RunJournal, record) -> None:
        order.append(f"journal {record.row.file}")
        add(journal, record)

    monkeypatch.setattr(RunJournal, "add", note)
    run(tmp_path, [[make_frame("a")], [make_frame("b")]], writers=[NoteOrder()])
    assert order == ["write a", "journal a", "write b", "journal b"]


def test_interruption_ends_the_run_without_a_table(tmp_path: Path) -> None:
    class Interrupt(Writer):
        def write(self, result) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, [[make_frame()]], writers=[Interrupt()])
    assert not (tmp_path / "results.csv").exists()


LEFT, RIGHT = (0, 0, 6, 4), (0, 4, 6, 8)


def make_halves(right_mm: float | None = 0.1, *, right_origin: str = "given") -> Frame:
    """Make a frame with two images side by side."""
    return make_frame(
        regions=(make_region(LEFT, 0.1, "given"), make_region(RIGHT, right_mm, right_origin))
    )


def predict_in_region(item: dict) -> dict:
    """Find a lesion of 2 x 2 px in the upper left corner of the region."""
    top, left, _, right = item["region"].box
    pred = torch.zeros(1, 6, 8)
    pred[0, top : top + 2, left : left + 2] = 1
    probability = pred * (0.9 if right == 8 else 0.7)
    found = {"pred": pred, "probability": probability, "lesion_probability": right / 10}
    return {**item, **found, "boundary_uncertainty": right / 20}


def test_images_of_a_frame_become_one_result(tmp_path: Path) -> None:
    writer = NoteWriter()
    run(tmp_path, [[make_halves()]], predict_in_region, [writer])
    (result,) = writer.results
    expected = np.zeros((6, 8), bool)
    expected[:2, [0, 1, 4, 5]] = True
    assert np.array_equal(result.mask, expected)
    assert np.array_equal(result.image, IMAGE[0].numpy())
    assert sorted(lesion.probability for lesion in result.lesions) == pytest.approx([0.7, 0.9])
    assert result.probability == 0.8
    assert [region.box for region in result.regions] == [LEFT, RIGHT]
    assert read_lines(tmp_path)[0].startswith("x.dcm,,ok,,given,0.1,0.2,2,0,8,0.8000,")


def test_regions_that_differ_are_listed(tmp_path: Path) -> None:
    run(tmp_path, [[make_halves(0.3, right_origin="cropped")]], predict_in_region)
    assert read_lines(tmp_path)[0].startswith("x.dcm,,ok,,given cropped,0.1 0.3,0.2 0.6,2,0,8,")


def test_region_without_mm_is_a_dash(tmp_path: Path) -> None:
    run(tmp_path, [[make_halves(None)]], predict_in_region)
    assert read_lines(tmp_path)[0].startswith("x.dcm,,ok,,given,0.1 -,0.2 -,2,0,8,")


@pytest.mark.parametrize("broken", [LEFT, RIGHT])
def test_error_in_one_image_fails_the_frame_only(tmp_path: Path, broken: tuple[int, ...]) -> None:
    def fail_at(item):
        if item["region"].box == broken:
            raise ValueError("SECRET^NAME")
        return predict_in_region(item)

    writer = NoteWriter()
    journal = run(tmp_path, [[make_halves()], [make_frame("y")]], fail_at, [writer])
    assert [result.file for result in writer.results] == ["y"]
    assert writer.results[0].regions[0].box == (0, 0, 6, 8)
    assert journal.failed == 1
    assert read_lines(tmp_path)[0] == "x.dcm,,failed,unexpected ValueError,,,,,,,,,,"


def test_remarks_and_instance_go_to_the_table(tmp_path: Path) -> None:
    run(tmp_path, [[make_frame(remarks="odd", instance="0123456789abcdef")]])
    (line,) = read_lines(tmp_path)
    assert line.startswith("x.dcm,,ok,odd,whole,,,")
    assert line.endswith(",0123456789abcdef")


def test_writers_of_files_get_all_frames_with_a_lesion(tmp_path: Path) -> None:
    writer = NoteWriter(needs_sources=True)
    batches = [[make_frame(number=1), make_frame(number=2)], [make_frame("y")]]

    def clear_second(item):
        found = PRED * (item["number"] != 2)
        done = {"pred": found, "probability": PROBABILITY, "lesion_probability": 0.6}
        return {**item, **done, "boundary_uncertainty": 0.1}

    run(tmp_path, batches, clear_second, [writer])
    first, second = writer.sources
    assert (first.file, first.header is HEADER, first.frames) == ("x.dcm", True, 2)
    assert [result.number for result in first.results] == [1]
    (lesion,) = first.results[0].lesions
    assert (first.results[0].shape, lesion.box) == ((6, 8), (1, 2, 3, 6))
    assert lesion.mask.tolist() == [[True] * 4] * 2
    assert (second.file, second.frames, second.results[0].number) == ("y", 1, 1)


def test_file_has_one_spacing_only_if_all_its_frames_have(tmp_path: Path) -> None:
    writer = NoteWriter(needs_sources=True)
    for name, other in (("same", 0.1), ("differs", 0.3)):
        frames = [make_frame(name, 1, (make_region(mm=0.1),))]
        frames.append(make_frame(name, 2, (make_region(mm=other),)))
        run(tmp_path / name, [frames], writers=[writer])
    assert [source.mm_per_pixel for source in writer.sources] == [(0.1, 0.2), None]


def test_file_whose_object_cannot_be_built_is_failed(tmp_path: Path) -> None:
    class NoUid(Writer):
        needs_sources = True

        def write_source(self, source) -> None:
            raise WriteError("expected a SOPInstanceUID, got none")

    journal = run(tmp_path, [[make_frame()]], writers=[NoUid()])
    assert journal.failed == 1
    assert read_lines(tmp_path)[0].startswith(
        'x.dcm,,failed,"segmented, but without DICOM objects: expected a SOPInstanceUID'
    )


def test_quality_and_doubt_are_reported(tmp_path: Path) -> None:
    def doubt(item):
        done = {"pred": PRED, "probability": PROBABILITY, "lesion_probability": 0.6}
        return {**item, **done, "boundary_uncertainty": 0.7}

    run(tmp_path, [[make_frame()]], doubt)
    assert ",0.7000,uncertain boundary," in read_lines(tmp_path)[0]


@pytest.mark.parametrize("is_asked_for", [False, True])
def test_file_of_another_organ_has_dicom_objects_only_if_asked_for(
    is_asked_for: bool, tmp_path: Path
) -> None:
    heart = Dataset()
    heart.StudyDescription = "Echocardiogram"
    writer = NoteWriter(needs_sources=True)
    batches = [[make_frame(header=heart)], [make_frame("y")]]
    run(tmp_path, batches, writers=[writer], other_organs=is_asked_for)

    header = heart if is_asked_for else None
    assert [result.header is header for result in writer.results] == [True, False]
    assert [source.header is header for source in writer.sources] == [True, False]
    assert writer.results[1].header is writer.sources[1].header is HEADER
    told = "another organ" if is_asked_for else "another organ: no DICOM objects"
    lines = read_lines(tmp_path)
    assert lines[0].split(",")[-2] == told
    assert lines[1].split(",")[-2] == ""


class WriteText(Writer):
    """Writes a text of each image or file, if the file's name does not forbid it."""

    def __init__(self, root: Path, *, needs_sources: bool = False) -> None:
        self.root = root
        self.suffix = ".txt"
        self.needs_sources = self.needs_header = needs_sources

    def write(self, result) -> None:
        if not self.needs_sources:
            self.write_text(result.file, result.frame)

    def write_source(self, source) -> None:
        self.write_text(source.file, None)

    def write_text(self, file: str, frame: int | None) -> None:
        if self.root.name in file:
            raise WriteError("expected another name")
        self.locate(file, frame).parent.mkdir(parents=True, exist_ok=True)
        self.locate(file, frame).write_text("text")


def test_files_of_an_image_that_fails_are_removed(tmp_path: Path) -> None:
    writers = [WriteText(tmp_path / name) for name in ("one", "two")]
    run(tmp_path, [[make_frame("x")], [make_frame("x two", 3)], [make_frame("y")]], writers=writers)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.txt"))
    assert found == ["one/x.txt", "one/y.txt", "two/x.txt", "two/y.txt"]


def test_objects_of_a_file_of_which_one_fails_are_removed(tmp_path: Path) -> None:
    writers = [WriteText(tmp_path / "masks")]
    writers += [WriteText(tmp_path / name, needs_sources=True) for name in ("seg", "sr")]
    run(tmp_path, [[make_frame("x sr")], [make_frame("y")]], writers=writers)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.txt"))
    assert found == ["masks/x sr.txt", "masks/y.txt", "seg/y.txt", "sr/y.txt"]


def test_foreign_file_in_the_way_costs_the_image(tmp_path: Path) -> None:
    class Late(WriteText):
        def write(self, result) -> None:
            super().write(result)
            (tmp_path / "masks" / "y.txt").write_text("mine")

    writer = Late(tmp_path / "masks")
    run(tmp_path, [[make_frame("x")], [make_frame("y")]], writers=[writer])
    assert (tmp_path / "masks" / "y.txt").read_text() == "mine"
    assert "expected no" in read_lines(tmp_path)[1]
