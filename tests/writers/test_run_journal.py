import csv
import json
import logging
from pathlib import Path

import pytest

from pipeline.errors import WriteError
from pipeline.writers import RunJournal
from pipeline.writers.run_journal import ResultRow

OK = ResultRow("b.png", None, "ok", "", 2, 345, 0.98765, 0.12345)
FAILED = ResultRow("a.png", None, "failed", "broken, by chance")
FRAMES = [ResultRow("c.dcm", frame, "no_lesion", "", 0, 0, 0.1, 0.5) for frame in (10, 9, 1)]


def read_rows(folder: Path) -> list[list[str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_table(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, {})
    for row in (*FRAMES, OK, FAILED):
        journal.add(row)
    journal.finish()
    assert read_rows(tmp_path) == [
        ["file", "frame", "status", "reason", "lesions", "area_px", "probability", "seconds"],
        ["a.png", "", "failed", "broken, by chance", "", "", "", ""],
        ["b.png", "", "ok", "", "2", "345", "0.9877", "0.123"],
        ["c.dcm", "1", "no_lesion", "", "0", "0", "0.1000", "0.500"],
        ["c.dcm", "9", "no_lesion", "", "0", "0", "0.1000", "0.500"],
        ["c.dcm", "10", "no_lesion", "", "0", "0", "0.1000", "0.500"],
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
