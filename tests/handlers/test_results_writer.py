"""From an evaluator's output to rows and files, with writers that only take notes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from ignite.engine import Engine
from monai.data import MetaTensor

from pipeline.errors import WriteError
from pipeline.handlers import ResultsWriter
from pipeline.writers import RunJournal

IMAGE = torch.arange(48.0).reshape(1, 6, 8)
PRED = torch.zeros(1, 6, 8)
PRED[0, 1:3, 2:6] = 1
PROBABILITY = PRED * 0.75


class NoteWriter:
    def __init__(self) -> None:
        self.results = []

    def write(self, result) -> None:
        self.results.append(result)


def make_batch(file: str = "x.dcm", frame: int = 0) -> dict:
    return {"file": file, "frame": frame, "started": 0.0, "original": IMAGE}


def run(output: Path, batches: list[list[dict]], postprocessing=None, writers=()) -> RunJournal:
    """Run an engine whose output is a prediction for each item of a batch."""
    journal = RunJournal(output, {})
    done = {"pred": PRED, "probability": PROBABILITY, "lesion_probability": torch.tensor(0.6)}
    engine = Engine(lambda engine, batch: [{"pred": PRED} for _ in batch])
    ResultsWriter(postprocessing or (lambda item: {**item, **done}), writers, journal).attach(
        engine
    )
    engine.run(batches)
    return journal


def read_lines(output: Path) -> list[str]:
    return (output / "results.csv").read_text().splitlines()[1:]


def test_writers_get_the_result(tmp_path: Path) -> None:
    writer = NoteWriter()
    run(tmp_path, [[make_batch(frame=3)]], writers=[writer])
    (result,) = writer.results
    assert (result.file, result.frame, result.probability) == ("x.dcm", 3, pytest.approx(0.6))
    assert np.array_equal(result.mask, PRED[0].bool().numpy())
    assert np.array_equal(result.image, IMAGE[0].numpy())
    assert [(lesion.area_px, lesion.probability) for lesion in result.lesions] == [(8, 0.75)]


def test_arrays_are_plain_numpy(tmp_path: Path) -> None:
    writer = NoteWriter()
    batch = {**make_batch(), "original": MetaTensor(IMAGE)}
    run(tmp_path, [[batch]], writers=[writer])
    (result,) = writer.results
    assert (type(result.image), result.image.dtype) == (np.ndarray, np.float32)
    assert (type(result.mask), result.mask.dtype) == (np.ndarray, np.bool_)


def test_still_has_no_frame(tmp_path: Path) -> None:
    writer = NoteWriter()
    run(tmp_path, [[make_batch(frame=0)]], writers=[writer])
    assert writer.results[0].frame is None
    assert read_lines(tmp_path)[0].startswith("x.dcm,,ok,,1,8,0.6000,")


def test_every_item_of_a_batch(tmp_path: Path) -> None:
    run(tmp_path, [[make_batch("b"), make_batch("a")], [make_batch("c")]])
    assert [line.split(",")[0] for line in read_lines(tmp_path)] == ["a", "b", "c"]


def test_empty_mask_is_no_lesion(tmp_path: Path) -> None:
    def clear(item):
        return {
            **item,
            "pred": PRED * 0,
            "probability": PROBABILITY,
            "lesion_probability": torch.tensor(0.2),
        }

    run(tmp_path, [[make_batch()]], clear)
    assert read_lines(tmp_path)[0].startswith("x.dcm,,no_lesion,,0,0,0.2000,")


def test_error_of_post_processing_costs_one_image(tmp_path: Path) -> None:
    def fail(item):
        raise ValueError("SECRET^NAME")

    journal = run(tmp_path, [[make_batch()], [make_batch("y")]], fail)
    assert journal.failed == 2
    assert read_lines(tmp_path)[0] == "x.dcm,,failed,unexpected ValueError,,,,"


def test_image_whose_file_cannot_be_written_is_failed(tmp_path: Path) -> None:
    class FullDisk:
        def write(self, result) -> None:
            raise WriteError("expected to write masks/x.png, got OSError: No space left on device")

    run(tmp_path, [[make_batch()]], writers=[NoteWriter(), FullDisk()])
    assert "No space left on device" in read_lines(tmp_path)[0]


def test_image_enters_the_journal_behind_its_files(tmp_path: Path, monkeypatch) -> None:
    order = []
    add = RunJournal.add

    class NoteOrder:
        def write(self, result) -> None:
            order.append(f"write {result.file}")

    def note(journal: RunJournal, row) -> None:
        order.append(f"journal {row.file}")
        add(journal, row)

    monkeypatch.setattr(RunJournal, "add", note)
    run(tmp_path, [[make_batch("a")], [make_batch("b")]], writers=[NoteOrder()])
    assert order == ["write a", "journal a", "write b", "journal b"]


def test_interruption_ends_the_run_without_a_table(tmp_path: Path) -> None:
    class Interrupt:
        def write(self, result) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, [[make_batch()]], writers=[Interrupt()])
    assert not (tmp_path / "results.csv").exists()
