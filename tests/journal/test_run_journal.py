import csv
import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.atomic import name_process
from pipeline.errors import WriteError
from pipeline.file_stamp import FileStamp
from pipeline.journal import RunIdentity, RunJournal
from pipeline.results.finished_run import ImageRecord
from pipeline.results.result_row import ResultRow
from pipeline.results.writer import Writer

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
    boundary_uncertainty=0.12345,
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
        boundary_uncertainty=0.5,
    )
    for frame in (10, 9, 1)
]
COLUMNS = [
    *("file", "frame", "status", "reason", "region", "mm_per_pixel_y", "mm_per_pixel_x"),
    *(
        "lesions",
        "suppressed",
        "area_px",
        "probability",
        "boundary_uncertainty",
        "quality",
        "instance",
    ),
]


def open_journal(
    folder: Path, writers: tuple[Writer, ...] = (), *, settings: dict | None = None, whole=False
) -> RunJournal:
    """Start as a run does."""
    journal = RunJournal(folder, RunIdentity(settings or {}), whole_files=whole)
    journal.start(writers)
    return journal


class WriteText(Writer):
    """Writes a text for each image, and one for the run."""

    suffix = ".txt"

    def __init__(self, folder: Path) -> None:
        self.root = folder / "texts"
        self.path: Path = folder / "all.txt"
        self.records: list[ImageRecord] = []
        self.counts: dict[str, int] = {}

    def write_run(self, run) -> None:
        self.records = list(run.records())
        assert list(run.records()) == self.records
        self.counts = dict(run.counts)
        self.path.write_text("all")


def do(journal: RunJournal, writer: WriteText, path: Path) -> None:
    """Do one file as a run does."""
    journal.begin(path.name, FileStamp.of(path).hash(path))
    journal.files.claim(path.name, [writer.locate(path.name, None)])
    writer.locate(path.name, None).parent.mkdir(exist_ok=True)
    writer.locate(path.name, None).write_text("result")
    journal.add(replace(OK, file=path.name))
    journal.complete(path.name)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def output(tmp_path: Path, source: Path) -> Path:
    """A finished run."""
    folder = tmp_path / "out"
    writer = WriteText(folder)
    journal = open_journal(folder, (writer,))
    for path in sorted(source.iterdir()):
        do(journal, writer, path)
    journal.finish([writer])
    return folder


def list_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def read_rows(folder: Path) -> list[list[str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_table(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    for row in (*FRAMES, OK, FAILED):
        journal.add(row)
    journal.finish()
    assert read_rows(tmp_path) == [
        COLUMNS,
        ["a.png", "", "failed", "broken, by chance", *[""] * 10],
        [
            *("b.png", "", "ok", "", "given", "0.1", "0.2"),
            *("2", "", "345", "0.9877", "0.1235", "touches the border", "0123456789abcdef"),
        ],
        *(
            [
                *("c.dcm", frame, "no_lesion", "odd", "whole", "", ""),
                *("0", "", "0", "0.1000", "0.5000", "", ""),
            ]
            for frame in ("1", "9", "10")
        ),
    ]


def test_finished_run_has_nothing_to_do(
    source: Path, output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = WriteText(output)
    before = (output / "breast-us-seg.jsonl").read_bytes()
    journal = open_journal(output, (writer,))
    journal.keep_only({"a.png", "b.png"})
    assert all(journal.keeps(path.name, path) for path in source.iterdir())
    with caplog.at_level(logging.INFO):
        journal.finish([writer])
    assert "nothing to do" in caplog.text
    assert writer.records == []
    assert (output / "breast-us-seg.jsonl").read_bytes() == before


def test_content_that_has_changed_is_seen_under_the_old_size_and_time(
    source: Path, output: Path
) -> None:
    status = (source / "a.png").stat()
    (source / "a.png").write_text("A.png")
    os.utime(source / "a.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    journal = open_journal(output)
    assert not journal.keeps("a.png", source / "a.png")
    assert journal.keeps("b.png", source / "b.png")


def test_same_content_at_another_time_is_kept_and_not_hashed_again(
    source: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(source / "a.png", ns=(1, 1))
    assert open_journal(output).keeps("a.png", source / "a.png")

    def fail(path: Path) -> str:
        raise AssertionError

    monkeypatch.setattr("pipeline.file_stamp.hash_file", fail)
    journal = open_journal(output)
    assert journal.keeps("a.png", source / "a.png")
    journal.finish()
    assert (output / "results.csv").is_file()


def test_results_of_a_changed_file_go_before_it_is_done_again(source: Path, output: Path) -> None:
    journal = open_journal(output)
    (source / "a.png").write_text("other")
    journal.begin("a.png", FileStamp.of(source / "a.png"))
    assert list_files(output) == ["breast-us-seg.jsonl", "texts/b.png.txt"]


def test_results_of_a_file_that_is_gone_go(source: Path, output: Path) -> None:
    journal = open_journal(output)
    journal.keep_only({"b.png"})
    assert list_files(output) == ["breast-us-seg.jsonl", "texts/b.png.txt"]
    journal.keep_only(set())
    assert list_files(output) == ["breast-us-seg.jsonl"]
    assert not (output / "texts").exists()


@pytest.mark.parametrize("moment", ["append", "unlink"])
def test_run_that_is_killed_while_results_go_removes_them_the_next_time(
    moment: str, source: Path, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal(output)
    with monkeypatch.context() as patch:
        if moment == "append":
            patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        else:
            patch.setattr(Path, "rmdir", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            journal.keep_only({"b.png"})
        (output / "texts" / "b.png.txt").write_text("result")
    journal = open_journal(output)
    journal.keep_only({"b.png"})
    assert journal.keeps("b.png", source / "b.png")
    assert not journal.keeps("a.png", source / "a.png")
    assert not (output / "texts" / "a.png.txt").exists()


@pytest.mark.parametrize("settings", [{"threshold": 0.4}, {"threshold": 0.5, "flip": True}])
def test_results_of_other_settings_go(settings: dict, output: Path) -> None:
    (output / "texts" / "mine.txt").touch()
    journal = open_journal(output, settings=settings)
    assert list_files(output) == ["breast-us-seg.jsonl", "texts/mine.txt"]
    journal.finish()
    open_journal(output, settings=settings).finish()
    assert list_files(output) == ["breast-us-seg.jsonl", "results.csv", "texts/mine.txt"]


def test_failed_file_is_done_again(source: Path, output: Path) -> None:
    journal = open_journal(output)
    journal.begin("a.png", FileStamp.of(source / "a.png").hash(source / "a.png"))
    journal.add(replace(FAILED, file="a.png"))
    journal.complete("a.png")
    journal.finish()
    journal = open_journal(output)
    assert not journal.keeps("a.png", source / "a.png")
    assert not journal.is_done("a.png")
    assert journal.keeps("b.png", source / "b.png")


def test_skipped_file_is_not_looked_at_again_until_it_changes(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no image")
    journal = open_journal(tmp_path / "out")
    journal.begin("notes.txt", FileStamp.of(notes))
    journal.add(ResultRow("notes.txt", None, "skipped", "no image"))
    journal.complete("notes.txt")
    assert open_journal(tmp_path / "out").keeps("notes.txt", notes)
    os.utime(notes, ns=(1, 1))
    assert not open_journal(tmp_path / "out").keeps("notes.txt", notes)


def test_file_is_kept_only_with_the_one_that_it_depends_on(source: Path, tmp_path: Path) -> None:
    a, b = source / "a.png", source / "b.png"
    writer = WriteText(tmp_path / "out")
    journal = open_journal(tmp_path / "out", (writer,))
    do(journal, writer, a)
    journal.begin("b.png", FileStamp.of(b).hash(b), first="a.png")
    journal.add(ResultRow("b.png", None, "skipped", "a copy"))
    journal.complete("b.png")
    journal.finish([writer])
    journal = open_journal(tmp_path / "out")
    assert (journal.keeps("a.png", a), journal.keeps("b.png", b)) == (True, True)
    a.write_text("other")
    journal = open_journal(tmp_path / "out")
    assert (journal.keeps("a.png", a), journal.keeps("b.png", b)) == (False, False)


def begin_cine(folder: Path, path: Path, *, whole: bool = False) -> RunJournal:
    """Do two frames, one of which fails, and be killed."""
    path.write_text("cine")
    journal = open_journal(folder, whole=whole)
    journal.begin("c.dcm", FileStamp.of(path).hash(path))
    journal.add(FRAMES[0])
    journal.add(replace(FAILED, file="c.dcm", frame=9))
    journal.complete("c.dcm")
    return journal


@pytest.mark.parametrize("content", ["cine", "CINE"])
def test_frames_of_the_same_content_need_not_be_done_again(content: str, tmp_path: Path) -> None:
    cine = tmp_path / "c.dcm"
    begin_cine(tmp_path / "out", cine)
    cine.write_text(content)
    journal = open_journal(tmp_path / "out")
    journal.begin("c.dcm", FileStamp.of(cine).hash(cine))
    assert journal.is_done("c.dcm", 10) == (content == "cine")
    assert not journal.is_done("c.dcm", 9)


def test_file_that_counts_as_a_whole_is_done_again_as_a_whole(tmp_path: Path) -> None:
    begin_cine(tmp_path / "out", tmp_path / "c.dcm", whole=True)
    journal = open_journal(tmp_path / "out", whole=True)
    assert not journal.is_done("c.dcm", 10)


def test_what_killed_processes_have_left_is_removed_and_nothing_else(
    source: Path, output: Path
) -> None:
    journal = open_journal(output)
    writer = WriteText(output)
    (source / "c.png").touch()
    do(journal, writer, source / "c.png")
    left = [output / f".{name_process()}.7.tmp", output / "texts" / f".{name_process()}.8.tmp"]
    other = [output / ".b.tmp", output / "texts" / ".host-12-aaaaaaaa.0.tmp"]
    for path in (*left, *other):
        path.touch()
    open_journal(output)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in other)


@pytest.mark.parametrize("name", ["results.csv", "all.txt", "texts/x.txt"])
def test_foreign_files_of_our_names_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / name).touch()
    with pytest.raises(WriteError, match="that no journal names"):
        open_journal(tmp_path, (WriteText(tmp_path),))
    assert list_files(tmp_path) == [name]


def test_folder_with_other_things_in_it_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    (tmp_path / "texts").mkdir()
    open_journal(tmp_path, (WriteText(tmp_path),)).finish()
    assert list_files(tmp_path) == ["breast-us-seg.jsonl", "mine.txt", "results.csv"]


def test_foreign_file_in_the_way_of_a_result_is_refused(source: Path, output: Path) -> None:
    (output / "texts" / "c.txt").touch()
    journal = open_journal(output)
    with pytest.raises(WriteError, match=r"expected no .*c\.txt yet"):
        journal.files.claim("c", [output / "texts" / "c.txt"])
    journal.files.discard("c", [output / "texts" / "c.txt"])
    assert (output / "texts" / "c.txt").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-40] + b"\0" * 40,
        lambda content: b"\xff\xfe" + content,
        lambda content: content + b"garbage\n",
        lambda content: content + b"garbage",
        lambda content: content + b'{"row": 5}\n',
        lambda content: content + b'{"writes": ["../mine"], "of": "x"}\n',
        lambda content: content + b'{"writes": ["x"], "of": []}\n',
        lambda content: content.replace(b'"ok"', b'"oj"'),
        lambda content: content + b"[1]\n",
        lambda content: b"",
        lambda content: b"\0" * len(content),
    ],
)
def test_damaged_journal_is_set_aside_with_a_word(
    damage, source: Path, output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (output.parent / "mine").touch()
    path = output / "breast-us-seg.jsonl"
    path.write_bytes(damage(path.read_bytes()))
    is_empty = not path.read_bytes()
    journal = open_journal(output)
    assert is_empty or "damaged" in caplog.text
    assert is_empty or (output / "breast-us-seg.damaged-1").is_file()
    assert not journal.keeps("a.png", source / "a.png")
    writer = WriteText(output)
    for name in ("a.png", "b.png"):  # what is in the way was ours
        do(journal, writer, source / name)
    journal.finish([writer])
    journal = open_journal(output, (writer,))
    assert journal.keeps("a.png", source / "a.png")
    assert (output.parent / "mine").exists()


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_line_that_was_cut_off_is_overwritten(cut: int, tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.add(OK)
    journal.add(FRAMES[0])
    path = tmp_path / "breast-us-seg.jsonl"
    path.write_bytes(path.read_bytes()[:-cut])
    journal = open_journal(tmp_path)
    assert journal.is_done("b.png")
    assert not journal.is_done("c.dcm", 10)
    journal.add(FRAMES[0])
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines if '"row"' in line][-1]["row"]["frame"] == 10
    assert len(list(tmp_path.iterdir())) == 1


def test_complete_files_are_listed_with_their_rows(source: Path, output: Path) -> None:
    done = open_journal(output).list_done()
    assert [row.instance for row in done["a.png"].rows.values()] == ["0123456789abcdef"]
    assert done.keys() == {"a.png", "b.png"}


def test_exit_code_of_a_run_with_failures(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.add(FAILED)
    with pytest.raises(SystemExit) as caught:
        journal.exit()
    assert caught.value.code == 2


def test_no_failure_no_exit(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.add(OK)
    journal.add(ResultRow("notes.txt", None, "skipped", "no image"))
    journal.exit()


def test_nothing_segmented_ends_with_code_2(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.add(ResultRow("notes.txt", None, "skipped", "no image"))
    with pytest.raises(SystemExit) as caught:
        journal.exit()
    assert caught.value.code == 2


def test_failure_is_logged_with_its_file(tmp_path: Path, caplog) -> None:
    open_journal(tmp_path).add(ResultRow("c.dcm", 3, "failed", "cut off"))
    assert "failed: c.dcm frame 3: cut off" in caplog.text


def test_name_forges_neither_a_line_nor_a_formula(tmp_path: Path, caplog) -> None:
    journal = open_journal(tmp_path)
    journal.add(ResultRow("=1\n12:00 INFO fine\x1b[2K", None, "failed", "that of a\u202eb"))
    journal.finish()
    shown = r"=1\n12:00 INFO fine\x1b[2K"
    assert caplog.messages[0] == f"failed: {shown}: " + r"that of a\u202eb"
    assert not any(char in text for text in caplog.messages for char in "\n\x1b\u202e")
    assert read_rows(tmp_path)[1][:4] == [f"'{shown}", "", "failed", r"that of a\u202eb"]


def test_summary_is_logged(tmp_path: Path, caplog) -> None:
    journal = open_journal(tmp_path)
    for row in (OK, FAILED, *FRAMES):
        journal.add(row)
    with caplog.at_level(logging.INFO):
        journal.finish()
    assert "images: 1 with a lesion, 3 without, 0 skipped, 1 failed" in caplog.text


def test_table_that_cannot_be_written(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    (tmp_path / "results.csv").mkdir()
    with pytest.raises(WriteError, match="expected to write"):
        journal.finish()


def test_journal_that_cannot_be_appended(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.add(OK)
    (tmp_path / "breast-us-seg.jsonl").unlink()
    (tmp_path / "breast-us-seg.jsonl").mkdir()
    with pytest.raises(WriteError, match="expected to append"):
        journal.add(OK)


def test_journal_that_is_only_made_writes_nothing(tmp_path: Path) -> None:
    RunJournal(tmp_path / "out", RunIdentity({}))
    assert list(tmp_path.iterdir()) == []


RECORD = ImageRecord(OK, (4, 6), [{"lesion": "1"}], [[[0.5, 0.5, 2.5, 0.5]]])


def test_writers_get_all_records_in_order_of_files(tmp_path: Path) -> None:
    for row in FRAMES:
        open_journal(tmp_path).add(row)
    journal = open_journal(tmp_path)  # goes on with a run that was killed
    journal.add(RECORD)
    writer = WriteText(tmp_path)
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
    journal = open_journal(tmp_path)
    journal.add(FAILED)
    journal.add(replace(OK, file=FAILED.file))
    writer = WriteText(tmp_path)
    journal.finish([writer])
    assert [record.row.status for record in writer.records] == ["ok"]
