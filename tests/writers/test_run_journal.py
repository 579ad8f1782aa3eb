import csv
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import WriteError
from pipeline.writers import RunJournal
from pipeline.writers.finished_run import ImageRecord
from pipeline.writers.result_row import ResultRow
from pipeline.writers.writer import Writer

OK = ResultRow(
    file="b.png",
    frame=None,
    status="ok",
    region="given",
    mm_per_pixel_y="0.1",
    mm_per_pixel_x="0.2",
    lesions=2,
    area_px=345,
    probability=0.98765,
    outline_doubt=0.12345,
    quality="touches the border",
    instance="0123456789abcdef",
)
FAILED = ResultRow("a.png", None, "failed", "broken, by chance")
FRAMES = [
    ResultRow(
        "c.dcm",
        frame,
        "no_lesion",
        "odd",
        "whole",
        lesions=0,
        area_px=0,
        probability=0.1,
        outline_doubt=0.5,
    )
    for frame in (10, 9, 1)
]
COLUMNS = [
    *("file", "frame", "status", "reason", "region", "mm_per_pixel_y", "mm_per_pixel_x"),
    *("lesions", "area_px", "probability", "outline_doubt", "quality", "instance"),
]


def read_rows(folder: Path) -> list[list[str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_table(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    for row in (*FRAMES, OK, FAILED):
        journal.add(row)
    journal.finish()
    assert read_rows(tmp_path) == [
        COLUMNS,
        ["a.png", "", "failed", "broken, by chance", *[""] * 9],
        [
            *("b.png", "", "ok", "", "given", "0.1", "0.2"),
            *("2", "345", "0.9877", "0.1235", "touches the border", "0123456789abcdef"),
        ],
        *(
            [
                *("c.dcm", frame, "no_lesion", "odd", "whole", "", ""),
                *("0", "0", "0.1000", "0.5000", "", ""),
            ]
            for frame in ("1", "9", "10")
        ),
    ]


def test_journal_is_gone_when_finished(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"]


def test_rows_are_on_the_disk_at_once(tmp_path: Path) -> None:
    RunJournal(tmp_path, {}).add(OK)
    assert RunJournal(tmp_path, {}).is_done("b.png")


def test_frames_are_done_one_by_one(tmp_path: Path) -> None:
    RunJournal(tmp_path, {}).add(FRAMES[0])
    journal = RunJournal(tmp_path, {})
    assert journal.is_done("c.dcm", 10)
    assert not journal.is_done("c.dcm", 9)
    assert not journal.is_done("c.dcm")


def test_instances_that_are_done_have_their_files(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    for row in (OK, FRAMES[0], ResultRow("d.dcm", None, "failed", "broken", instance="f" * 16)):
        journal.add(row)
    assert RunJournal(tmp_path, {}).instances() == {"0123456789abcdef": "b.png"}


def test_failed_image_is_not_done(tmp_path: Path) -> None:
    RunJournal(tmp_path, {}).add(FAILED)
    assert not RunJournal(tmp_path, {}).is_done("a.png")


def test_skipped_file_is_done_without_a_result(tmp_path: Path) -> None:
    RunJournal(tmp_path, {}).add(ResultRow("notes.txt", None, "skipped", "no image"))
    journal = RunJournal(tmp_path, {})
    assert journal.is_done("notes.txt")
    assert not journal.has_result("notes.txt")


@pytest.mark.parametrize("settings", [{"threshold": 0.4}, {}, {"threshold": 0.5, "flip": True}])
def test_other_settings_start_anew(settings: dict, tmp_path: Path) -> None:
    RunJournal(tmp_path, {"threshold": 0.5}).add(OK)
    assert not RunJournal(tmp_path, settings).is_done("b.png")


def test_order_of_settings_does_not_count(tmp_path: Path) -> None:
    RunJournal(tmp_path, {"a": 1, "b": 2}).add(OK)
    assert RunJournal(tmp_path, {"b": 2, "a": 1}).is_done("b.png")


def test_files_in_the_settings_count_by_content(tmp_path: Path) -> None:
    weights, copy = tmp_path / "model.pt", tmp_path / "copy.pt"
    weights.write_bytes(b"1")
    copy.write_bytes(b"1")
    RunJournal(tmp_path / "out", {"weights": weights}).add(OK)
    assert RunJournal(tmp_path / "out", {"weights": copy}).is_done("b.png")
    weights.write_bytes(b"2")
    assert not RunJournal(tmp_path / "out", {"weights": weights}).is_done("b.png")


def test_empty_journal_starts_anew(tmp_path: Path) -> None:
    (tmp_path / "results.partial.jsonl").touch()
    assert not RunJournal(tmp_path, {}).is_done("b.png")


def test_journal_of_other_columns_is_passed_over(tmp_path: Path) -> None:
    RunJournal(tmp_path, {}).add(OK)
    with (tmp_path / "results.partial.jsonl").open("a") as file:
        file.write(json.dumps({"file": "d.png", "frame": None, "state": "ok"}) + "\n")
    journal = RunJournal(tmp_path, {})
    assert journal.is_done("b.png")
    assert not journal.is_done("d.png")


def test_exit_code_of_a_run_with_failures(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(FAILED)
    with pytest.raises(SystemExit) as caught:
        journal.exit()
    assert caught.value.code == 2


def test_no_failure_no_exit(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(OK)
    journal.add(ResultRow("notes.txt", None, "skipped", "no image"))
    journal.exit()


def test_failure_is_logged_with_its_file(tmp_path: Path, caplog) -> None:
    RunJournal(tmp_path, {}).add(ResultRow("c.dcm", 3, "failed", "cut off"))
    assert "failed: c.dcm frame 3: cut off" in caplog.text


def test_name_forges_neither_a_line_nor_a_formula(tmp_path: Path, caplog) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(ResultRow("=1\n12:00 INFO fine\x1b[2K", None, "failed", "that of a\u202eb"))
    journal.finish()
    shown = r"=1\n12:00 INFO fine\x1b[2K"
    assert caplog.messages == [f"failed: {shown}: " + r"that of a\u202eb"]
    assert read_rows(tmp_path)[1][:4] == [f"'{shown}", "", "failed", r"that of a\u202eb"]


def test_summary_is_logged(tmp_path: Path, caplog) -> None:
    journal = RunJournal(tmp_path, {})
    for row in (OK, FAILED, *FRAMES):
        journal.add(row)
    with caplog.at_level(logging.INFO):
        journal.finish()
    assert "1 ok, 3 no_lesion, 0 skipped, 1 failed" in caplog.text


def test_table_that_cannot_be_written(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    (tmp_path / "results.csv").mkdir()
    with pytest.raises(WriteError, match="expected to write"):
        journal.finish()


def test_journal_that_cannot_be_appended(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(OK)
    journal.partial_path.unlink()
    journal.partial_path.mkdir()
    with pytest.raises(WriteError, match="expected to append"):
        journal.add(OK)


def test_journal_that_is_only_made_writes_nothing(tmp_path: Path) -> None:
    RunJournal(tmp_path / "out", {})
    assert list(tmp_path.iterdir()) == []


RECORD = ImageRecord(OK, (4, 6), [{"lesion": "1"}], [[[0.5, 0.5, 2.5, 0.5]]])


class NoteRun(Writer):
    def __init__(self) -> None:
        self.records: list[ImageRecord] = []
        self.counts: dict[str, int] = {}

    def write_run(self, run) -> None:
        self.records = list(run.records())
        assert list(run.records()) == self.records
        self.counts = dict(run.counts)


def test_writers_get_all_records_in_order_of_files(tmp_path: Path) -> None:
    for row in FRAMES:
        RunJournal(tmp_path, {}).add(row)
    journal = RunJournal(tmp_path, {})  # goes on with a run that was killed
    journal.add(RECORD)
    writer = NoteRun()
    journal.finish([writer])
    assert [(record.row.file, record.row.frame) for record in writer.records] == [
        ("b.png", None),
        *(("c.dcm", frame) for frame in (1, 9, 10)),
    ]
    assert writer.records[0].lesions == [{"lesion": "1"}]
    assert writer.records[0].contours == [[[0.5, 0.5, 2.5, 0.5]]]
    assert tuple(writer.records[0].size or ()) == (4, 6)
    assert writer.counts == {"ok": 1, "no_lesion": 3, "skipped": 0, "failed": 0}


def test_image_that_is_done_again_replaces_its_record(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(FAILED)
    journal.add(replace(OK, file=FAILED.file))
    writer = NoteRun()
    journal.finish([writer])
    assert [record.row.status for record in writer.records] == ["ok"]


def test_line_that_was_cut_off_is_overwritten(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    journal.add(OK)
    journal.add(FRAMES[0])
    content = journal.partial_path.read_bytes()
    journal.partial_path.write_bytes(content[:-5])
    journal = RunJournal(tmp_path, {})
    assert journal.is_done("b.png")
    assert not journal.is_done("c.dcm", 10)
    journal.add(FRAMES[0])
    assert journal.partial_path.read_bytes() == content


def test_file_that_is_not_complete_is_not_done_if_files_count_whole(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {}, whole_files=True)
    journal.add(OK)
    journal.complete(OK.file)
    journal.add(FRAMES[0])
    journal = RunJournal(tmp_path, {}, whole_files=True)
    assert journal.is_done("b.png")
    assert not journal.is_done("c.dcm", 10)


def test_complete_file_with_a_failed_frame_is_done_again_as_a_whole(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {}, whole_files=True)
    journal.add(FRAMES[0])
    journal.add(replace(FAILED, file="c.dcm", frame=9))
    journal.complete("c.dcm")
    assert not RunJournal(tmp_path, {}, whole_files=True).is_done("c.dcm", 10)


def test_skipped_file_needs_no_completion(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {}, whole_files=True)
    journal.add(ResultRow("notes.txt", None, "skipped", "no image"))
    assert RunJournal(tmp_path, {}, whole_files=True).is_done("notes.txt")
